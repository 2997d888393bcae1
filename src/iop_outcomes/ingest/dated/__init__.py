"""What sources with calendar dates and codes share: which code is which care, runs of care, study days, pseudonyms."""

"""Claims: bills of payers, by line, with their adjustments."""

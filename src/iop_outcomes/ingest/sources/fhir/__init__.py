"""FHIR R4: a bulk export of a hospital's or clinic's records, one resource a line."""

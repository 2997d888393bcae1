"""OMOP CDM 5.4: a clinic's or network's records in the common data model of OHDSI."""

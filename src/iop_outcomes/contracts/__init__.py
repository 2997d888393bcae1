"""What each table between stages must look like; used through ``iop_outcomes.tables``."""

"""Checklists for reports of studies, filled in as far as a study's own release can."""

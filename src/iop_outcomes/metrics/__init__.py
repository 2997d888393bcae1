"""Metrics: what happened to a person, one small function each, one file per family."""

"""Estimators: from an analysis dataset and a design to rows of the ``estimate`` contract."""

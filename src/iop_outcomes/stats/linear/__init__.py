"""Regressions: model matrices, generalised linear models and their robust covariances."""

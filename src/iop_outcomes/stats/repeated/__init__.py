"""Observations that come in clusters: marginal and mixed models."""

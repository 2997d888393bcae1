"""Kinds of sources: each turns raw files into canonical tables and loses no row in silence."""

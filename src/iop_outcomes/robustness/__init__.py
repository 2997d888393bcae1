"""Checks of an estimate: how much would have to be wrong for the answer to change."""

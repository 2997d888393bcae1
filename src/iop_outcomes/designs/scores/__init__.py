"""Scores and the weights made of them: how likely somebody was to be in the first arm."""

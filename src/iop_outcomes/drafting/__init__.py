"""A study drafted from a clinic's files: what is which sheet and column is guessed from names, values and shapes."""

"""The source `sheets`: files as a clinic has them, made canonical by a mapping in the study file."""

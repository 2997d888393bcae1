"""The door: raw files become canonical tables; every row is accepted, or set aside by name and counted."""

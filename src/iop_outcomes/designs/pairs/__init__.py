"""Who is compared with whom: matched sets and subclasses."""

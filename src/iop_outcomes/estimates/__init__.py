"""From a design and an outcome to rows of the estimate table."""

"""What `iop-outcomes new-metric` and its kin write: one plug-in that works, and its test, to be made one's own."""

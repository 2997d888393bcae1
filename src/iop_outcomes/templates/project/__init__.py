"""Files of a project that `iop-outcomes init` writes."""

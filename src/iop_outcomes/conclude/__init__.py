"""What the estimates of a study say together: the gate, checks, pooling, multiplicity, the truth where it is known."""

"""What the estimates of a study say together: the gate, checks, pooling, the truth where it is known."""

"""Whether two arms can be compared: balance, overlap, positivity, and the gate over them."""

"""Tables as they are released: each a frame of true numbers, and the roles disclosure control protects it by."""

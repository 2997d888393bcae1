"""Models an estimate needs on its way: of the outcome, of who is observed, and the weights of the design."""

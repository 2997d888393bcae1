"""What differs between two runs: in what they say, and in what they were made of."""

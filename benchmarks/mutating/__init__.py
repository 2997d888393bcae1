"""The parts of ``benchmarks/mutations.py``."""

"""What every room stands on and what knows nothing of treatment: errors, plug-ins, seeds, provenance."""

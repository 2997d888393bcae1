"""Times to events: curves, hazards, competing risks, restricted means."""

"""TEDS-D: SAMHSA's public-use file of discharges from treatment."""

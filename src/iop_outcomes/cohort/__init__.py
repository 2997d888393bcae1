"""Who is compared: eligibility, time zero, assigned arms, follow-up and what was lost at each step."""

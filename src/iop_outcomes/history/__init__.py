"""What is known of a member over time: sessions, contacts, tests and reports on days since time zero."""

"""Where base credentials come from, and the plumbing to ask for them."""

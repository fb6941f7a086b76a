"""What kinds sign their requests with, and how clouds that do alike do it."""

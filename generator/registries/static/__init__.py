"""A user name and a password as they are."""

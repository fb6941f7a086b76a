"""A login out of a Docker config that is a secret."""

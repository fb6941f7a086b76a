"""GitHub's container registry, for a GitHub App."""

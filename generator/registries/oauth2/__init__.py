"""Issuers of tokens that speak OAuth 2.0."""

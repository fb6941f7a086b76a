"""Vault and OpenBao: hvac's API over an async transport."""

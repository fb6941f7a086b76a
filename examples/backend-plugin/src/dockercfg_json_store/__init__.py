"""A secret backend for dockercfg-generator that reads a JSON-over-HTTP store."""

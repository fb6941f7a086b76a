"""Access tokens of Google Cloud: credential documents in, an OAuth token out."""

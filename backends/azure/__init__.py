"""Access tokens of Microsoft Entra ID: a service principal or managed identity in, a token out."""

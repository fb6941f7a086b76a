"""One file per kind of registry: base credentials in, authorization token out."""

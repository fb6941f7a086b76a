"""Oracle's registry."""

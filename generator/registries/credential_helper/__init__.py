"""What an installed credential helper answers."""

"""What the user wants: YAML or the conventions of other tools, checked whole."""

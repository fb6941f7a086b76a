"""What becomes of each kind of registry, granted or not: one module for each family of kinds."""

"""What the documentation quotes from the code, and tests that it is true."""

"""Amazon ECR, private and public."""

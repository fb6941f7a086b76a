"""A registry kind for dockercfg-generator: tokens from a company's token desk."""

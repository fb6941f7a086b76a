"""JFrog Artifactory."""

"""Google Artifact Registry, and Container Registry."""

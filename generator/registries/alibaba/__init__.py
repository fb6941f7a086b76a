"""Alibaba Cloud's Container Registry."""

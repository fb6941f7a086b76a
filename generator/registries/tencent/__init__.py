"""Tencent Cloud's TCR."""

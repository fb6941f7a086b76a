"""Huawei Cloud's SWR."""

"""Yandex Cloud's registry."""

"""From base credentials to one dockercfg for all registries."""

__version__ = "0.1.0"

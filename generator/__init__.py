"""From base credentials to one dockercfg for all registries."""

# The distribution's own, told here too: a fast run has no time to look it up.
__version__ = "1.0.0rc1"

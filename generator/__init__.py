"""From base credentials to one dockercfg for all registries."""

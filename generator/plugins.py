"""Which installed package a kind of registry or a type of backend comes from."""

from importlib.metadata import entry_points


def distributions(group: str) -> dict[str, str]:
    """Return for each name of an entry-point group the package that has it, and its version."""
    found = {}
    for point in entry_points(group=group):
        package = point.dist
        found[point.name] = f"{package.name} {package.version}" if package else "unknown"
    return found

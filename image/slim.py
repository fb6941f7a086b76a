"""Takes from an installed botocore the descriptions of services that nobody here asks.

    python slim.py SITE_PACKAGES

They are 400 services and most of its size. What is not a service's folder stays: endpoints,
partitions and retry rules are everybody's.
"""

import shutil
import sys
from pathlib import Path

# What providers and backends call, and what the SDK's own chain of credentials may.
KEPT = {"ecr", "ecr-public", "secretsmanager", "signin", "ssm", "sso", "sso-oidc", "sts"}


def slim(site_packages: Path) -> None:
    """Remove all service descriptions but those in ``KEPT``.

    Raises:
        SystemExit: if the descriptions are not where they are expected: a botocore that is laid
            out in another way would lose nothing, and the image would grow unseen.
    """
    services = {path.name: path for path in (site_packages / "botocore/data").glob("*/")}
    if not {"ecr", "sts"} <= services.keys():
        sys.exit(f"there are no service descriptions in {site_packages}/botocore/data")
    for name in services.keys() - KEPT:
        shutil.rmtree(services[name])


if __name__ == "__main__":
    slim(Path(sys.argv[1]))

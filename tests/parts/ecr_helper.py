"""amazon-ecr-credential-helper, the real one, answering from a cache that is written here."""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

HELPER = "docker-credential-ecr-login"
PACKAGE = "amazon-ecr-credential-helper"
_KEY = "AKIAEXAMPLE"


def helper_environment(folder: Path, hosts: Iterable[str], password: str) -> dict[str, str]:
    """Fill its cache with tokens for hosts of ECR; return what it has to see.

    Its cache is a JSON file; an entry's key is the region, base64 of the access key's id followed
    by the MD5 of nothing, and the account (version 0.6, ``ecr-login/cache``).
    """
    cache = folder / "ecr-helper"
    cache.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    checksum = base64.b64encode(_KEY.encode() + hashlib.md5(b"").digest()).decode()
    entries = {
        f"{host.split('.')[3]}-{checksum}-{host.split('.')[0]}": {
            "AuthorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
            "RequestedAt": now.isoformat(),
            "ExpiresAt": (now + timedelta(hours=12)).isoformat(),
            "ProxyEndpoint": f"https://{host}",
            "Service": "ecr",
        }
        for host in hosts
    }
    document = {"Registries": entries, "Version": "1.0"}
    (cache / "cache.json").write_text(json.dumps(document))
    return {
        "HOME": str(folder),
        "AWS_ECR_CACHE_DIR": str(cache),
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": "key",
        # an answer that is not in its cache fails at once
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }

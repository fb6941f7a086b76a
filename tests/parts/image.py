"""A tiny container image, made here: nothing can be downloaded."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any


def make_oci_layout(folder: Path) -> Path:
    """Write an OCI image layout (image-spec 1.0) of one layer with one file."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, media_type: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("hello")
        member.size = 6
        tar.addfile(member, io.BytesIO(b"hello\n"))
    layer_id = hashlib.sha256(archive.getvalue()).hexdigest()
    kind = "application/vnd.oci.image"
    layer = blob(gzip.compress(archive.getvalue(), mtime=0), f"{kind}.layer.v1.tar+gzip")
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), f"{kind}.config.v1+json"),
        "layers": [layer],
    }
    reference = blob(json.dumps(manifest).encode(), f"{kind}.manifest.v1+json")
    reference["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [reference]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder

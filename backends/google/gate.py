"""Which addresses Google's credential documents may send a request, and with it a secret, to.

A document can name any URL or file as the place where a token is exchanged or found; Google warns
to accept none unseen (Google Cloud documentation, "Validate credential configurations from
external sources"). Google's own services are let through, and what the entry itself names.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from backends.base import RunContext
from backends.errors import BackendMisconfigured
from backends.google.subject import LARGEST_TOKEN

# The metadata services of the clouds that a workload may run in; they speak plain http.
METADATA_HOSTS = ("169.254.169.254", "fd00:ec2::254", "metadata.google.internal")
_GOOGLE = (".googleapis.com",)
_AWS = (".amazonaws.com", ".amazonaws.com.cn")


class Gate:
    """Decides about every URL that is asked with or for a Google credential.

    Args:
        endpoint: where Google's token services are answered, if not by Google.
        trusted: URLs (a leading part is enough) and files that the entry allows by name.
        context: the run's; the job's own GitHub token service is trusted.
    """

    def __init__(self, endpoint: str | None, trusted: Sequence[str], context: RunContext) -> None:
        self._endpoint = endpoint
        self._trusted = [*trusted, f"http://{metadata_host(context)}"]
        if github := context.setting("ACTIONS_ID_TOKEN_REQUEST_URL"):
            self._trusted.append(_origin(github))

    def pass_url(self, url: str) -> str:
        """Return the URL to ask: Google's services may be answered elsewhere.

        Raises:
            BackendMisconfigured: if it is nobody's who is trusted.
        """
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme == "https" and host.endswith(_GOOGLE):
            return self._moved(url)
        if (
            host in METADATA_HOSTS
            or (parts.scheme == "https" and host.endswith(_AWS))
            or any(_under(url, one) for one in self._trusted)
        ):
            return url
        raise _refused(f"names {host or 'a URL'} as a place to send secrets to")

    def check_source(self, source: Mapping[str, Any], context: RunContext) -> None:
        """Refuse a ``credential_source`` that reads or runs what nobody allowed.

        Raises:
            BackendMisconfigured: naming what it wants.
            BackendError: if a file that is allowed can not be read.
        """
        if "executable" in source:
            if context.setting("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") == "1":
                return
            raise BackendMisconfigured(
                "google-program-refused",
                "the Google credential document wants to run a program",
                "set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 in the environment to allow it",
            )
        if "certificate" in source:
            raise BackendMisconfigured(
                "google-source-unknown",
                "the Google credential document takes its token from a certificate",
                "use a file, a URL or the CI's own token (workload_identity_provider:)",
            )
        path = source.get("file")
        if path is None:
            return
        if path not in self._trusted:
            raise _refused("reads a file")
        if not Path(path).is_absolute():
            # ours and google-auth's relative paths begin at different folders
            raise _refused("reads a file by a path that is not absolute")
        context.read_file(path, limit=LARGEST_TOKEN)

    def _moved(self, url: str) -> str:
        if self._endpoint is None:
            return url
        there, parts = urlsplit(self._endpoint), urlsplit(url)
        path = there.path.rstrip("/") + parts.path
        return urlunsplit((there.scheme, there.netloc, path, parts.query, ""))


def metadata_host(context: RunContext) -> str:
    """Return where this machine's metadata service answers."""
    named = context.setting("GCE_METADATA_HOST") or context.setting("GCE_METADATA_ROOT")
    return named or "metadata.google.internal"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _under(url: str, trusted: str) -> bool:
    """Tell whether ``url`` is ``trusted`` or lies below it; a mere prefix of a host is not."""
    one, other = urlsplit(url), urlsplit(trusted)
    if (one.scheme, one.netloc.lower()) != (other.scheme, other.netloc.lower()):
        return False
    path = other.path.rstrip("/")
    return one.path == path or one.path.startswith(f"{path}/")


def _refused(what: str) -> BackendMisconfigured:
    return BackendMisconfigured(
        "google-source-not-trusted",
        f"the Google credential document {what}",
        "if you trust it, name the URL or file in the entry: trusted_sources: [URL or PATH]",
    )

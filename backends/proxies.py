"""Which proxy a URL goes through, told by the usual variables."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from backends.inputs import InputRecorder


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine: by name or address, never by a look-alike name."""
    from ipaddress import ip_address  # noqa: PLC0415 - 2 ms that few runs need

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_metadata(host: str) -> bool:
    """Tell whether ``host`` is a cloud's metadata service: a proxy's would be another machine's."""
    return host in ("169.254.169.254", "metadata.google.internal")


class Proxies:
    """``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in either case.

    The lower case one wins.
    """

    def __init__(self, environment: Mapping[str, str], inputs: InputRecorder) -> None:
        self._environment = environment
        self._inputs = inputs

    def proxy_for(self, url: str) -> str | None:
        """Return the proxy's URL for ``url``, ``None`` if it is asked directly."""
        parts = urlsplit(url)
        if is_loopback(parts.hostname or "") or _is_metadata(parts.hostname or ""):
            # What may be asked in plain http must not leave this machine, as Go's clients see it
            return None
        proxy = self._value(f"{parts.scheme}_proxy") or self._value("all_proxy")
        if not proxy or self._bypassed(parts.netloc.rpartition("@")[2]):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def _value(self, name: str) -> str:
        for spelling in (name, name.upper()):
            self._inputs.variable(spelling)
            if value := self._environment.get(spelling, "").strip():
                return value
        return ""

    def _bypassed(self, host: str) -> bool:
        excepted = self._value("no_proxy")
        if not excepted:
            return False
        import urllib.request  # noqa: PLC0415 - 20 ms that few runs need

        # typeshed leaves the function out; it is what proxy_bypass does with os.environ
        bypass = getattr(urllib.request, "proxy_bypass_environment")  # noqa: B009
        return bool(bypass(host, {"no": excepted}))

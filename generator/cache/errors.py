"""What can be wrong with a cache; none of it ends a run."""


class CacheUnavailable(Exception):
    """The folder, or writing to it, can not be used; ``reason`` says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnusableFile(Exception):
    """One file counts as absent; ``reason`` completes the sentence "file NAME …"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SealedFile(UnusableFile):
    """One file is encrypted, and none of our keys opens it; it may be whole."""

"""The README's table of registry kinds, from the kinds' own words."""

from pathlib import Path

from generator.registries.base import CredentialField, KindDocs, TokenProvider
from generator.registries.loader import BUILT_IN, provider_named

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "registries"
MARKS = ("<!-- kinds: begin -->\n", "<!-- kinds: end -->\n")


def docs_of(provider: TokenProvider) -> KindDocs:
    """Return what a built-in kind says of itself: each of them does."""
    docs: KindDocs = getattr(provider, "docs")  # noqa: B009 - not of the protocol
    return docs


def table() -> str:
    """Return a row for each kind, ``static`` last: it is what remains."""
    rows = [_row(kind) for kind in (*sorted(BUILT_IN.keys() - {"static"}), "static")]
    head = ["| kind | hosts | credentials | a token lives |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def with_table(readme: str) -> str:
    """Return the README with the table as it is now."""
    before, begin, rest = readme.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    assert begin, MARKS
    assert end, MARKS
    return f"{before}{begin}{table()}{end}{after}"


def _row(kind: str) -> str:
    provider = provider_named(kind)
    docs = docs_of(provider)
    by_name = kind != "static" and BUILT_IN[kind].hosts is None
    hosts = ", ".join(host if " " in host else f"`{host}`" for host in docs.hosts)
    told = [*(["named"] if by_name else []), *([hosts] if hosts else [])]
    fields = ", ".join(_field(spec) for spec in provider.credential_fields) or "none"
    return (
        f"| [`{kind}`](docs/registries/{kind}.md) | {': '.join(told)} | {fields} | {docs.lives} |"
    )


def _field(spec: CredentialField) -> str:
    return f"`{spec.name}`" if spec.required else f"[`{spec.name}`]"

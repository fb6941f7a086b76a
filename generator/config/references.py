"""Secret references in a config: the values under every key named ``credentials``."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from backends.base import BackendFactory, SecretRef
from backends.reference import ReferenceProblem, parse_reference
from generator.config.kinds import all_providers, credential_fields
from generator.config.problems import Path, Problems, closest, did_you_mean
from generator.config.yaml_text import HiddenKey, shown_key
from generator.model import Credentials
from generator.registries.base import CredentialField

_USERNAME = "a user name may stand beside credentials: username: NAME"


class References:
    """Parses references to the backends of one config.

    ``factory_of`` is asked for those ``names`` that are referred to. It gives ``None`` for a
    backend whose own settings have problems: what refers to it can not be checked, and is not a
    problem of its own.
    """

    def __init__(
        self,
        names: Sequence[str],
        factory_of: Callable[[str], BackendFactory | None],
        problems: Problems,
    ) -> None:
        self._names = names
        self._factory_of = factory_of
        self._problems = problems

    def parse(self, value: Any, path: Path, hint: str = "") -> SecretRef | None:
        """Return one reference; what is wrong with it becomes problems.

        ``hint`` says what else may be meant by a text that is none.
        """
        text = self._problems.text(value, path)
        if text is None:
            if value is None:
                self._problems.add(path, "no reference is given", "write NAME:PATH, as env:TOKEN")
            return None
        try:
            ref = parse_reference(text, self._names)
        except ReferenceProblem as problem:
            self._problems.add(path, str(problem), hint)
            return None
        if ref.backend not in self._names:
            # a pasted ARN means a backend by its type
            self._problems.add(path, f"no backend {ref.backend} is there", "add it to backends:")
            return None
        factory = self._factory_of(ref.backend)
        wrong = [] if factory is None else factory.check(ref)
        for message in wrong:
            self._problems.add(path, message)
        return None if wrong else ref

    def credentials(
        self, value: Any, path: Path, fields: Sequence[CredentialField]
    ) -> Credentials | None:
        """Return an entry's credentials: one reference, ``{from, fields}``, or one a field."""
        if value is None:
            return Credentials()
        if isinstance(value, str):
            ref = self.parse(value, path)
            return Credentials(ref) if ref else None
        block = self._problems.mapping(value, path)
        if "from" in block:
            return self._renamed(block, path, fields)
        names = [spec.name for spec in fields]
        refs = {}
        for name, text in block.items():
            key = self._field(name, path, fields)
            hint = _USERNAME if name == "username" and "username" in names else ""
            if ref := self.parse(text, (*path, key), hint):
                refs[name] = ref
        for spec in fields:
            if spec.required and spec.name not in block:
                self._problems.add((*path, spec.name), "is missing", f"add {spec.name}: REFERENCE")
        return Credentials(fields=refs)

    def _renamed(
        self, block: Mapping[str, Any], path: Path, fields: Sequence[CredentialField]
    ) -> Credentials | None:
        for name in block:
            if name not in ("from", "fields"):
                key = _key(name, ("from", "fields"))
                self._problems.unknown_key((*path, key), ["from", "fields"])
        document = self.parse(block["from"], (*path, "from"))
        if document is None:
            return None
        if document.selector is not None:
            self._problems.add(
                (*path, "from"), "names one field", "drop #FIELD; fields: says which are which"
            )
        refs = {}
        names = self._problems.mapping(block.get("fields"), (*path, "fields"))
        for name, selector in names.items():
            inner = (*path, "fields")
            inner = (*inner, self._field(name, inner, fields))
            if text := self._problems.text(selector, inner):
                refs[name] = SecretRef(document.backend, document.path, document.options, text)
        return Credentials(document.document, refs)

    def _field(self, name: str, path: Path, fields: Sequence[CredentialField]) -> str:
        """Return the key below ``path`` of a credential; one that is not taken is a problem."""
        names = [spec.name for spec in fields]
        if name in names:
            return name
        expected = f"it takes {', '.join(names)}" if names else "this kind of registry takes none"
        key = _key(name, names)
        self._problems.add(
            (*path, key),
            f"unknown credential {shown_key(key)}",
            did_you_mean(name, names, expected),
        )
        return key


def _key(name: str, known: Collection[str]) -> str:
    """Return a key that is none of the ``known``; a secret may stand where its name should."""
    fields = credential_fields(all_providers())
    names = [*known, *(one for spec in fields for one in (spec.name, *spec.aliases))]
    return HiddenKey(name) if closest(name, names) is None else name

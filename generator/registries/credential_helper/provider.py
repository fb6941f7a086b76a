"""Logins that an installed credential helper keeps or makes: ``docker-credential-NAME get``.

The program gets the server on stdin (docker/docker-credential-helpers, credentials/credentials.go),
and of the environment only what the entry names beside ``PATH`` and ``HOME``. What it answers with
depends on things that only it knows, so nothing of it is stored: it is asked in every run.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, WithJsonSchema

from backends.base import IdentityPart, RunContext, Secret
from backends.host import host_identity
from backends.options import Duration
from backends.program import OutputTooLarge, run_program
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.credential_helper.answer import (
    login_in,
    not_started,
    timed_out,
    too_large,
)
from generator.shown import shown_word

TIME_LIMIT_S = 20.0
PREFIX = "docker-credential-"
_OPAQUE_SOURCE = "credential-helper"
_ALWAYS = ("PATH", "HOME")
_HELPER = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_SERVER = r"[!-~]{1,255}"


def _form(pattern: str, otherwise: str) -> tuple[AfterValidator, WithJsonSchema]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0]:
        raise ValueError("names no program, as [docker-credential-pass, get] does")
    if "/" in words[0] and not words[0].startswith("/"):
        # where it is meant from could be a checkout, with whatever is in there
        raise ValueError("a program is a name on the PATH, or an absolute path")
    if any("\0" in word for word in words):
        raise ValueError("holds a NUL character")
    return words


class CredentialHelperOptions(ProviderOptions):
    """Options of ``provider: credential-helper``."""

    helper: (
        Annotated[
            str, *_form(_HELPER, f"not the name of a helper: pass, where {PREFIX}pass is run")
        ]
        | None
    ) = None
    """NAME, where docker-credential-NAME is installed."""
    command: Annotated[tuple[str, ...], AfterValidator(_command)] | None = None
    """The program and its arguments, instead of helper: [docker-credential-pass, get]."""
    helper_server: (
        Annotated[str, *_form(_SERVER, "not a server as a helper knows one, as https://HOST/")]
        | None
    ) = None
    """The server as the helper knows it, if it differs."""
    environment: tuple[
        Annotated[str, *_form(_VARIABLE, "not the name of a variable; its value is the run's")],
        ...,
    ] = ()
    """Names of variables that the program sees, beside PATH and HOME."""
    lifetime: Duration | None = None
    """How long its answers live at the least, if you know; without it, no expiry is known."""

    @property
    def program(self) -> Sequence[str]:
        """The words of the command."""
        if self.command is not None:
            return self.command
        return (f"{PREFIX}{self.helper}", "get") if self.helper is not None else ()


class CredentialHelperProvider:
    """Asks a credential helper of docker's, as ``docker-credential-pass``; nothing is stored."""

    hands_through: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = CredentialHelperOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(),
        lives="as long as the helper's answer",
        example="""\
provider: credential-helper
server: registry.example.com
helper: pass
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = ()

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """A server, and one way to name the program."""
        options: CredentialHelperOptions = entry.options
        problems = []
        if entry.server is None:
            problems.append(Problem(("server",), "no server is named", "write server: HOST[:PORT]"))
        if entry.credentials.references:
            hint = "drop them; variables that it needs are named under environment: [NAME]"
            problems.append(Problem(("credentials",), "a helper has its own", hint))
        if not options.program:
            hint = f"write helper: NAME, where {PREFIX}NAME is installed"
            problems.append(Problem(("helper",), "no program is named", hint))
        if options.helper is not None and options.command is not None:
            problems.append(Problem(("command",), "helper names it already", "keep one of the two"))
        if (options.helper or "").startswith(PREFIX):
            hint = f"write what follows {PREFIX}, or command: [PROGRAM, get]"
            problems.append(Problem(("helper",), "is the whole name of the program", hint))
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """What the program is asked, by what it can be told apart here; it may know more."""
        options: CredentialHelperOptions = entry.options
        parts: list[IdentityPart] = [
            ("command", json.dumps(options.program)),
            ("server", _asked(entry)),
            ("lifetime", str(options.lifetime)),
        ]
        seen = _environment(options, context)
        parts += [(f"variable {name}", Secret(value)) for name, value in sorted(seen.items())]
        return GrantKey((*parts, *host_identity(context.inputs, _OPAQUE_SOURCE)))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Run the program and take what it answers."""
        options: CredentialHelperOptions = request.entry.options
        name = shown_word(options.program[0], "the program")
        server, requested_at = _asked(request.entry), context.clock()
        try:
            ended = await run_program(
                options.program,
                environment=_environment(options, context),
                given=server.encode(),
                limit_s=TIME_LIMIT_S,
            )
        except TimeoutError:
            raise timed_out(name, TIME_LIMIT_S) from None
        except OutputTooLarge:
            raise too_large(name) from None
        except OSError as error:
            raise not_started(error, name) from None
        username, secret = login_in(ended, name, server)
        ends_at = None
        if options.lifetime is not None:
            ends_at = requested_at + timedelta(seconds=options.lifetime)
        return Grant(username, secret, requested_at, ends_at)


def _asked(entry: RegistryEntry) -> str:
    return entry.options.helper_server or entry.server or ""


def _environment(options: CredentialHelperOptions, context: RunContext) -> Mapping[str, str]:
    names = dict.fromkeys((*_ALWAYS, *options.environment))
    values = {name: context.variable(name) for name in names}
    return {name: value for name, value in values.items() if value is not None}

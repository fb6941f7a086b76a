"""What a credential helper's answer means: a login, or why there is none.

The protocol is docker's (docker/docker-credential-helpers, credentials/credentials.go and
credentials/error.go): ``{"ServerURL", "Username", "Secret"}`` on stdout with exit status 0, an
error's text on stdout with exit status 1. What a helper says of an error is never shown: nobody
knows what stands in it.
"""

import errno
import json
from typing import Any

from backends.base import Secret
from backends.program import LARGEST_OUTPUT, Ended
from generator.addresses import AddressProblem, canonical_address
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.registries.login import IDENTITY_TOKEN, problem_of_secret, problem_of_username

_NOT_FOUND = b"credentials not found in native keychain"


def login_in(ended: Ended, program: str, server: str) -> tuple[str, Secret]:
    """Return user name and secret that a helper gave.

    Args:
        ended: what became of it.
        program: its name, for messages.
        server: what it was asked for.

    Raises:
        EntryError: if it gave none that can be used.
    """
    if ended.status != 0:
        raise _failed(ended, program)
    answer = _parsed(ended.output)
    username, text = answer.get("Username"), answer.get("Secret")
    if not (isinstance(username, str) and isinstance(text, str)):
        raise _implausible(program, "it is no JSON object with a Username and a Secret")
    if not _is_for(answer.get("ServerURL"), server):
        raise _implausible(program, "it is for another server than the one it was asked for")
    if username == IDENTITY_TOKEN:
        raise Misconfigured(
            "helper-gave-a-token",
            f"{program}: what it keeps is an identity token, which not all clients read",
            "log in there with a user name and a password or access token, or use the kind of "
            "that registry (provider: acr for Azure)",
        )
    if not text:
        raise _no_login(program)
    if problem := problem_of_username(username) or problem_of_secret(Secret(text)):
        raise _implausible(program, problem)
    return username, Secret(text)


def not_started(error: OSError, program: str) -> EntryError:
    """Return the error for a program that can not be started."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Misconfigured(
            "helper-not-installed",
            f"{program} is not installed here, or the program that its first line names is not",
            "install or mount it, and see that the PATH leads to it; or write its whole path: "
            "command: [/PATH/OF/IT, get]",
        )
    if isinstance(error, PermissionError):
        return Misconfigured(
            "helper-not-executable",
            f"{program} may not be run by this user",
            "chmod a+rx it, and see that it lies on no file system that is mounted noexec",
        )
    why = errno.errorcode.get(error.errno or 0, "no reason told")
    return Misconfigured(
        "helper-not-executable",
        f"{program} can not be started here ({why})",
        "ENOEXEC: check that it is made for this architecture, or that its first line names a "
        "shell; else check the limits of processes and memory",
    )


def timed_out(program: str, seconds: float) -> EntryError:
    """Return the error for a helper that had to be ended."""
    return Unavailable(
        "helper-timeout",
        f"{program} gave no answer within {seconds:g} s",
        "run it by hand as this user: it may wait for a pass phrase, a keychain or a network",
    )


def too_large(program: str) -> EntryError:
    """Return the error for a helper that wrote without end."""
    return _implausible(program, f"it is larger than {LARGEST_OUTPUT // 1024} KiB")


def _failed(ended: Ended, program: str) -> EntryError:
    if ended.output.strip() == _NOT_FOUND:
        return _no_login(program)
    return AccessDenied(
        "helper-failed",
        f"{program} gave no login ({ended.how})",
        f"run it by hand as this user to see why: printf SERVER | {program} get; here it sees "
        "PATH, HOME and the variables that environment: names",
    )


def _no_login(program: str) -> EntryError:
    return SecretMissing(
        "helper-has-no-login",
        f"{program} has no login for this server",
        "log in with it as this user; if it knows the server by another name, write that: "
        "helper_server: NAME",
    )


def _implausible(program: str, why: str) -> EntryError:
    return ImplausibleAnswer(
        "helper-answer-implausible",
        f"{program}: its answer makes no sense: {why}",
        "check that it is a credential helper, and that its arguments end with get",
    )


def _parsed(output: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_for(answered: object, asked: str) -> bool:
    """Tell whether an answer is for the server that was asked for; many do not say."""
    if not isinstance(answered, str) or not answered.strip():
        return True
    return _reduced(answered) == _reduced(asked)


def _reduced(server: str) -> str:
    """Return a server as helpers compare it: without scheme, and without what follows the host."""
    bare = server.strip().rpartition("://")[2].partition("/")[0]
    try:
        return canonical_address(bare)
    except AddressProblem:
        return bare.lower()

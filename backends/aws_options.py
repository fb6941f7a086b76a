"""Forms of the AWS settings that a config may hold, for backends and providers alike."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema


def _form(pattern: str, problem: str) -> tuple[AfterValidator, WithJsonSchema]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(problem)
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


_REGION = r"[a-z]{2,}(?:-[a-z0-9]+)+"


def is_region(text: str) -> bool:
    """Tell whether ``text`` has the form of a region's name."""
    return re.fullmatch(_REGION, text, re.ASCII) is not None


Region = Annotated[str, *_form(_REGION, "not a region's name, as eu-west-1 is one")]
ProfileName = Annotated[
    str, *_form(r"[\w+=,.@:/ -]{1,128}", "not a profile's name (1 to 128 of A-Za-z0-9_+=,.@:/- )")
]
RoleArn = Annotated[
    str,
    *_form(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}",
        "not a role, as arn:aws:iam::123456789012:role/ci is one",
    ),
]
# Lengths and characters as the STS API reference lists them for AssumeRole.
ExternalId = Annotated[
    str, *_form(r"[\w+=,.@:/-]{2,1224}", "not an external id (2 to 1224 of A-Za-z0-9_+=,.@:/-)")
]
SessionName = Annotated[
    str, *_form(r"[\w+=,.@-]{2,64}", "not a session name (2 to 64 of A-Za-z0-9_+=,.@-)")
]

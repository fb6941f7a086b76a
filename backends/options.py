"""The base of every model of a backend's settings."""

from pydantic import BaseModel, ConfigDict


class BackendOptions(BaseModel):
    """Settings under ``backends: NAME:`` beside ``type``; this one has none.

    Every scalar arrives as text. Inputs are hidden in errors, for a misplaced secret may be one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

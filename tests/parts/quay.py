"""Quay's robot federation (``GET /oauth2/federation/robot/token``), with its own words."""

from base64 import b64decode

import jwt

from backends.testing import CANARY
from tests.parts.job_tokens import ISSUER, SUBJECT, signed, verified
from tests.parts.service import Asked, Service, Told

HOSTS = ("quay.io",)
ROBOT, PLAIN_ROBOT, FOREIGN_ROBOT = "acme+ci", "acme+plain", "acme+gitlab"
LIFETIME_S = 3600
_FEDERATION = {
    ROBOT: [{"issuer": ISSUER, "subject": SUBJECT}],
    PLAIN_ROBOT: [],
    FOREIGN_ROBOT: [{"issuer": "https://gitlab.example", "subject": "project_path:acme/app"}],
}


def robot_token(now: float) -> str:
    """Return a robot's token, as Quay signs one."""
    return signed(iss="quay", aud="quay.io", sub="(robot)", jti=CANARY, exp=int(now) + LIFETIME_S)


def wrong(message: str) -> Told:
    """Return what Quay answers for a problem with its data."""
    return Told(400, {"message": message})


class Quay:
    """One Quay, whose robots' federations name ``audience``."""

    def __init__(self, audience: str = "quay.io") -> None:
        self.audience = audience

    def __call__(self, service: Service, asked: Asked) -> Told:
        if (asked.method, asked.path) != ("GET", "/oauth2/federation/robot/token"):
            return Told(404)
        kind, _, credentials = asked.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return Told(401, {"error": "No auth header"})
        robot, _, token = b64decode(credentials).decode().partition(":")
        if "+" not in robot:
            return Told(401, {"error": "Invalid robot"})
        if robot not in _FEDERATION:
            return wrong(f"Could not find robot with specified username {CANARY}")
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.DecodeError:
            return Told(500, b"<html>Internal Server Error</html>")
        return self._exchange(service, robot, token, issuer)

    def _exchange(self, _service: Service, robot: str, token: str, issuer: object) -> Told:
        federation = _FEDERATION[robot]
        if not federation:
            return wrong("Robot does not have federated login configured")
        subjects = [one["subject"] for one in federation if one["issuer"] == issuer]
        if not subjects:
            return wrong(f"issuer {issuer} not configured for this robot")
        try:
            claims = verified(token, self.audience)
        except jwt.InvalidTokenError as error:
            return wrong(f"Invalid token: {error}")
        if claims["sub"] not in subjects:
            return wrong("Token does not match robot")
        return Told(200, {"token": robot_token(_service.now())})


quay = Quay()

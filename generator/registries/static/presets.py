"""Presets of ``static``: what is customary at registries that take a user name and a password.

One table: host, user name and the variables that hold them by habit. Sources: GitHub's, GitLab's,
Docker's and Scaleway's documentation of a login; of Quay, Harbor and the JFrog CLI what their own
code reads; NVIDIA, Red Hat, Nexus, Gitea and Forgejo by what users' pipelines have in common.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """What is customary at one registry.

    ``server`` is its host. A ``{}`` in it stands for the first of the variables ``servers`` that is
    set; without ``server`` these name the host, or a URL of it. ``username`` is the one that
    everybody uses there; without it the first of ``usernames`` that is set holds it, and ``user``
    says who is meant. The first of ``passwords`` that is set holds the password. ``addresses`` is a
    pattern of the server addresses, in canonical form, that are known to be such a registry.
    """

    title: str
    passwords: tuple[str, ...]
    server: str | None = None
    servers: tuple[str, ...] = ()
    username: str | None = None
    usernames: tuple[str, ...] = ()
    user: str = ""
    addresses: str = ""

    @property
    def server_words(self) -> str:
        """Where its server address is from, for people."""
        variables = ", ".join(self.servers)
        return self.server.format(f"[{variables}]") if self.server else variables

    @property
    def username_words(self) -> str:
        """Where its user name is from, for people."""
        return self.username or f"{', '.join(self.usernames)}: {self.user}"

    def knows(self, address: str) -> bool:
        """Tell whether a server address is known to be such a registry."""
        return bool(self.addresses) and re.fullmatch(self.addresses, address) is not None


PRESETS: Mapping[str, Preset] = {
    "dockerhub": Preset(
        "Docker Hub, by an access token",
        server="docker.io",
        addresses=r"https://index\.docker\.io/v1/",
        usernames=("DOCKERHUB_USERNAME", "DOCKER_HUB_USERNAME"),
        passwords=(
            "DOCKERHUB_TOKEN",
            "DOCKERHUB_PASSWORD",
            "DOCKER_HUB_TOKEN",
            "DOCKER_HUB_PASSWORD",
        ),
        user="your Docker ID; of an organization's access token the organization's name",
    ),
    "ghcr": Preset(
        "GitHub, by a classic token or the job's own",
        server="ghcr.io",
        addresses=r"ghcr\.io",
        usernames=("GHCR_USERNAME", "GITHUB_ACTOR"),
        passwords=("GHCR_TOKEN", "CR_PAT", "GITHUB_TOKEN", "GH_TOKEN"),
        user="your GitHub login; of an app's token x-access-token",
    ),
    "gitlab": Preset(
        "GitLab, by the job's own token",
        servers=("CI_REGISTRY",),
        addresses=r"registry\.gitlab\.com",
        usernames=("CI_REGISTRY_USER",),
        passwords=("CI_REGISTRY_PASSWORD",),
        user="gitlab-ci-token of a job's token, a deploy token's own name, else your GitLab name",
    ),
    "gitlab-deploy": Preset(
        "GitLab, by the deploy token called gitlab-deploy-token",
        servers=("CI_REGISTRY",),
        usernames=("CI_DEPLOY_USER",),
        passwords=("CI_DEPLOY_PASSWORD",),
        user="the deploy token's own name",
    ),
    "gitlab-proxy": Preset(
        "GitLab's dependency proxy, by the job's own token",
        servers=("CI_DEPENDENCY_PROXY_SERVER",),
        usernames=("CI_DEPENDENCY_PROXY_USER",),
        passwords=("CI_DEPENDENCY_PROXY_PASSWORD",),
        user="as of the registry",
    ),
    "quay": Preset(
        "Quay, by a robot",
        server="quay.io",
        addresses=r"quay\.io",
        usernames=("QUAY_USERNAME",),
        passwords=("QUAY_ROBOT_TOKEN", "QUAY_PASSWORD"),
        user="a robot's whole name, NAMESPACE+ROBOT; of an application's token $app or $oauthtoken",
    ),
    "harbor": Preset(
        "Harbor, by a robot",
        servers=("HARBOR_URL",),
        usernames=("HARBOR_USERNAME",),
        passwords=("HARBOR_PASSWORD",),
        user="a robot's whole name, robot$NAME or robot$PROJECT+NAME",
    ),
    "gitea": Preset(
        "Gitea, by an access token",
        servers=("GITEA_SERVER_URL",),
        usernames=("GITEA_ACTOR",),
        passwords=("GITEA_TOKEN",),
        user="the user whose token it is",
    ),
    "forgejo": Preset(
        "Forgejo, by an access token",
        servers=("FORGEJO_SERVER_URL",),
        usernames=("FORGEJO_ACTOR",),
        passwords=("FORGEJO_TOKEN",),
        user="the user whose token it is",
    ),
    "scaleway": Preset(
        "Scaleway, by a secret key",
        server="rg.{}.scw.cloud",
        servers=("SCW_DEFAULT_REGION",),
        addresses=r"rg\.[a-z0-9-]+\.scw\.cloud",
        username="nologin",
        passwords=("SCW_SECRET_KEY",),
    ),
    "redhat": Preset(
        "Red Hat, by a registry service account",
        server="registry.redhat.io",
        addresses=r"registry\.redhat\.io",
        usernames=("REGISTRY_REDHAT_IO_USERNAME",),
        passwords=("REGISTRY_REDHAT_IO_PASSWORD",),
        user="a registry service account's whole name, ORGID|NAME",
    ),
    "nvidia": Preset(
        "NVIDIA NGC, by an API key",
        server="nvcr.io",
        addresses=r"nvcr\.io",
        username="$oauthtoken",
        passwords=("NGC_API_KEY", "NGC_CLI_API_KEY"),
    ),
    "cloudsmith": Preset(
        "Cloudsmith, by an API key",
        server="docker.cloudsmith.io",
        addresses=r"docker\.cloudsmith\.io",
        username="token",
        passwords=("CLOUDSMITH_API_KEY",),
    ),
    "nexus": Preset(
        "Sonatype Nexus, by a password or user token",
        servers=("NEXUS_REGISTRY",),
        usernames=("NEXUS_USERNAME",),
        passwords=("NEXUS_PASSWORD",),
        user="your Nexus name, or a user token's name code",
    ),
    "artifactory": Preset(
        "JFrog Artifactory, by an access token or password",
        servers=("JF_URL",),
        addresses=r"[a-z0-9-]+\.jfrog\.io",
        usernames=("JF_USER",),
        passwords=("JF_ACCESS_TOKEN", "JF_PASSWORD"),
        user="the user whose token it is",
    ),
}


def preset_of(name: str | None, address: str | None) -> Preset | None:
    """Return the preset of a name, without one that which knows a server address."""
    if name is not None:
        return PRESETS.get(name)
    return next((one for one in PRESETS.values() if address and one.knows(address)), None)

"""Reads the pipelines of ``examples/``: the config of each generator, the script that runs it."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG_VARIABLE = "DOCKERCFG_CONFIG_YAML"
# pipeline -> the schema that its vendor publishes, by the name that check-jsonschema has for it
SCHEMAS = {
    "buildkite/pipeline.yml": "vendor.buildkite",
    "circleci/config.yml": "vendor.circle-ci",
    "compose/compose.yaml": "vendor.compose-spec",
    "github-actions/push.yml": "vendor.github-workflows",
    "gitlab-ci/.gitlab-ci.yml": "vendor.gitlab-ci",
}
WITHOUT_SCHEMA = {"jenkins/Jenkinsfile"}
KUBERNETES = "kubernetes/pull-secret.yaml"
PIPELINES = sorted(SCHEMAS.keys() | WITHOUT_SCHEMA | {KUBERNETES})


def text_of(pipeline: str) -> str:
    """Return a pipeline's file."""
    return (EXAMPLES / pipeline).read_text()


def config_of(pipeline: str) -> str:
    """Return the one config in a pipeline, as the generator would get it."""
    if pipeline in WITHOUT_SCHEMA:
        found = re.findall(rf"{CONFIG_VARIABLE} = '''\n(.*?)'''", text_of(pipeline), re.DOTALL)
        configs = [dedent(text) for text in found]
    else:
        documents = yaml.safe_load_all(text_of(pipeline))
        configs = [config for document in documents for config in _configs(document)]
    (config,) = configs
    # compose expands $NAME in its file, as $$ it stays
    return config.replace("$$", "$") if pipeline.startswith("compose/") else config


def _configs(node: Any) -> Iterator[str]:
    match node:
        case {"name": str(name), "value": str(value)} if name == CONFIG_VARIABLE:
            yield value
        case dict():
            for key, value in node.items():
                if key == CONFIG_VARIABLE:
                    yield value
                else:
                    yield from _configs(value)
        case list():
            for item in node:
                yield from _configs(item)
        case _:
            pass


def login_script_of(pipeline: str) -> str:
    """Return the shell commands of a pipeline up to the run of the generator."""
    # Buildkite has one script for all; what builds and pushes comes after
    return steps_of(pipeline)[0].partition("docker build")[0]


def steps_of(pipeline: str) -> list[str]:
    """Return all shell scripts of a CI pipeline in their order; each has a shell of its own."""
    if pipeline in WITHOUT_SCHEMA:
        found = re.findall(r"sh (?:'''(.*?)'''|'([^'\n]+)')", text_of(pipeline), re.DOTALL)
        return [dedent(long or short) for long, short in found]
    document = yaml.safe_load(text_of(pipeline))
    match pipeline.partition("/")[0]:
        case "buildkite":
            # the agent makes one $ of two
            return [step["command"].replace("$$", "$") for step in document["steps"]]
        case "circleci":
            steps = document["jobs"]["push"]["steps"]
            return [step["run"]["command"] for step in steps if step != "checkout"]
        case "github-actions":
            return [step["run"] for step in document["jobs"]["push"]["steps"] if "run" in step]
        case "gitlab-ci":
            sections = ("before_script", "script", "after_script")
            return ["\n".join(document["push"][section]) for section in sections]
        case other:
            raise ValueError(other)


def docker_config_of(pipeline: str) -> str | None:
    """Return what a pipeline sets ``DOCKER_CONFIG`` to for all of its scripts, unexpanded."""
    if pipeline in WITHOUT_SCHEMA:
        return str(re.findall(r'DOCKER_CONFIG = "(.*)"', text_of(pipeline))[0])
    document = yaml.safe_load(text_of(pipeline))
    match pipeline.partition("/")[0]:
        case "circleci":
            return str(document["jobs"]["push"]["environment"]["DOCKER_CONFIG"])
        case "gitlab-ci":
            return str(document["push"]["variables"]["DOCKER_CONFIG"])
        case _:
            return None

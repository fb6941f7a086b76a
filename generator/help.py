"""What ``--help`` shows."""

from generator.options import OPTIONS, PREFIX, VARIABLES

DISTRIBUTION = "dockercfg-generator"
CONTRACT = "usage: dockercfg-generator [OPTIONS] PATH     (PATH is the file to write, - is stdout)"


def help_text() -> str:
    """Return the whole text."""
    rows = [
        (f"--{option.name}{f' {option.metavar}' if option.metavar else ''}", option.help)
        for option in OPTIONS
    ]
    rows += [("--version", "show the version"), ("-h, --help", "show this")]
    options = "\n".join(f"  {left:<26} {right}" for left, right in rows)
    variables = "\n".join(f"  {option.variable:<26} {option.help}" for option in VARIABLES)
    return f"""{CONTRACT}

Write one Docker config for all registries of a pipeline.

options, each with a twin in the environment (--cache-dir is {PREFIX}CACHE_DIR):
{options}

more variables:
{variables}

With no config the variables of CodeShip's generators are recognised:
  DOCKER_USERNAME, DOCKER_PASSWORD [, DOCKER_REGISTRY]
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
      [, AWS_STS_ROLE, AWS_STS_ACCOUNT] [, ECR_PUBLIC]
  GOOGLE_AUTH_JSON
  AZURE_USERNAME, AZURE_PASSWORD, AZURE_REGISTRY_NAME
  HEROKU_API_KEY
  BLUEMIX_API_KEY [, BLUEMIX_API_ENDPOINT]

example:
  DOCKER_USERNAME=ci DOCKER_PASSWORD=... DOCKER_REGISTRY=ghcr.io {DISTRIBUTION} ./dockercfg

exit codes: 0 written, 2 usage, 66 secret not found, 69 unavailable, 70 bug, 73 output,
76 implausible answer, 77 denied, 78 config
"""

"""Keeps docker/ true where no Docker engine runs: `python -m tests.docker.lint`, a part of `make check`."""

import sys

import yaml

from tests.docker.compose_rules import COMPOSE_RULES
from tests.docker.files import Files
from tests.docker.image_rules import IMAGE_RULES
from tests.docker.truths import ROOT

DOCKERFILE, COMPOSE = ROOT / "docker/Dockerfile", ROOT / "docker/compose.yaml"


def findings(dockerfile: str, compose: str) -> list[str]:
    """One line for each thing that is wrong."""
    try:
        files = Files.parse(dockerfile, compose)
    except (ValueError, KeyError, yaml.YAMLError) as exc:
        return [f"cannot be read: {exc}"]
    return [line for rule in (*IMAGE_RULES, *COMPOSE_RULES) for line in rule(files)]


if __name__ == "__main__":
    wrong = findings(DOCKERFILE.read_text("utf-8"), COMPOSE.read_text("utf-8"))
    sys.stdout.write("".join(f"docker: {line}\n" for line in wrong) or "docker: all true\n")
    sys.exit(bool(wrong))

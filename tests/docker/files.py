"""The two files that are judged, parsed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import yaml

from tests.docker.dockerfile import Stage, stages

# In a comment: "docker compose ... run --rm SERVICE COMMAND" or "docker run ... IMAGE COMMAND".
_TOLD = re.compile(r"^#.* (?:compose\b.* run --rm (\S+)|run --rm .*IMAGE) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Files:
    stages: Mapping[str, Stage]
    services: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Any]
    told: tuple[tuple[str, str], ...]
    """The commands that comments tell a person to type: service, or "" for an image; words after `shadowbert`."""

    @classmethod
    def parse(cls, dockerfile: str, compose: str) -> Self:
        """Raises ValueError, KeyError or YAMLError."""
        parsed = yaml.safe_load(compose)
        told = tuple(_TOLD.findall(dockerfile) + _TOLD.findall(compose))
        return cls(stages(dockerfile), parsed["services"], parsed.get("volumes") or {}, told)

    @property
    def built(self) -> list[tuple[str, Mapping[str, Any], Stage]]:
        """The services made from our stages."""
        found = ((name, service, service.get("build", {}).get("target")) for name, service in self.services.items())
        return [(name, service, self.stages[target]) for name, service, target in found if target in self.stages]

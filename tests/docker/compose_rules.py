"""What must hold of compose.yaml, and of both files together. A rule yields one line for each thing that is wrong."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.docker.dockerfile import Stage
from tests.docker.files import Files
from tests.docker.truths import ROOT, command_fault, effective

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEY", re.IGNORECASE)
WITHHELD = re.compile(r"\$\{[A-Z_]+:?\?")
URL_PASSWORD = re.compile(r"://[^:/@\s]+:(?P<password>[^@\s$]+)@")


def unpinned_images(files: Files) -> Iterator[str]:
    images = [stage.base for stage in files.stages.values() if stage.base not in files.stages]
    images += [str(service["image"]) for service in files.services.values() if "image" in service]
    for image in images:
        tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
        if not re.search(r"\d", tag):
            yield f"image {image} has no tag that names a version"


def secrets(files: Files) -> Iterator[str]:
    for stage in files.stages.values():
        for found in stage.own:
            if found.word in ("ENV", "ARG") and SECRET.search(found.rest):
                yield f"line {found.line}: a secret has no place in an image"
    for name, service in files.services.items():
        for key, value in _environment(service).items():
            told = SECRET.search(key) and not WITHHELD.match(value)
            if told or URL_PASSWORD.search(value):
                yield f"service {name}: {key} says a secret aloud"


def services(files: Files) -> Iterator[str]:
    for name, service in files.services.items():
        build = service.get("build")
        if build and build.get("target") not in files.stages:
            yield f"service {name}: no stage {build.get('target')}"
        if build and (ROOT / "docker" / build["context"] / build["dockerfile"]).resolve() != ROOT / "docker/Dockerfile":
            yield f"service {name}: builds from another Dockerfile"
        yield from _dependencies(files, name, service)
        yield from _mounts(files, name, service)
    for name, service, stage in files.built:
        yield from _process(name, service, stage)


def _dependencies(files: Files, name: str, service: Mapping[str, Any]) -> Iterator[str]:
    for other, how in service.get("depends_on", {}).items():
        if other not in files.services:
            yield f"service {name}: depends on {other}, which is none"
        elif how["condition"] == "service_healthy" and not _has_health(files, files.services[other]):
            yield f"service {name}: waits for the health of {other}, which has no health check"


def _has_health(files: Files, service: Mapping[str, Any]) -> bool:
    if "healthcheck" in service:
        return not service["healthcheck"].get("disable")
    stage = files.stages.get(service.get("build", {}).get("target", ""))
    return stage is not None and stage.last("HEALTHCHECK") is not None


def _mounts(files: Files, name: str, service: Mapping[str, Any]) -> Iterator[str]:
    for mount in service.get("volumes", ()):
        volume = mount.partition(":")[0]
        if volume not in files.volumes:
            yield f"service {name}: mounts {volume}, which is no volume of this file"


def _process(name: str, service: Mapping[str, Any], stage: Stage) -> Iterator[str]:
    """What a service of ours will do with its settings."""
    command = service.get("command")
    if not isinstance(command, list):
        yield f"service {name}: its command is not a list"
    elif why := command_fault(command):
        yield f"service {name}: shadowbert {' '.join(command)}: {why}"
    seen = effective({**stage.environment, **{k: _filled(v) for k, v in _environment(service).items()}})
    if isinstance(seen, str):
        yield f"service {name}: {seen}"
        return
    if not seen.store_url.startswith("postgresql+psycopg://"):
        yield f"service {name}: its store is not PostgreSQL"
    if seen.data_dir not in {mount.split(":")[1] for mount in service.get("volumes", ())}:
        yield f"service {name}: {seen.data_dir} is on no volume"
    for port in service.get("ports", ()):
        if not port.startswith("127.0.0.1:") or not port.endswith(f":{seen.port}"):
            yield f"service {name}: publishes {port}; 127.0.0.1 and port {seen.port} are wanted"


def told_commands(files: Files) -> Iterator[str]:
    """A comment that says what to type says something that works."""
    for service, command in files.told:
        if service and service not in files.services:
            yield f"a comment names a service {service}, which is none"
        if why := command_fault(command.split()):
            yield f"a comment says shadowbert {command}: {why}"


def _environment(service: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in service.get("environment", {}).items()}


def _filled(value: str) -> str:
    """As compose would: a variable's default, or a stand-in for what the operator must give."""
    value = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value)
    return re.sub(r"\$\{[A-Z_]+:?\?[^}]*\}", "given", value)


COMPOSE_RULES = (unpinned_images, secrets, services, told_commands)

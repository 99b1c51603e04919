"""What must hold of the Dockerfile. Each rule yields one line for each thing that is wrong."""

import re
import tomllib
from collections.abc import Iterator

from tests.docker.dockerfile import Instruction, Stage, exec_form
from tests.docker.files import Files
from tests.docker.truths import ROOT, Effective, command_fault, effective, unseen

IGNORE_FILES = (".gitignore", "docker/Dockerfile.dockerignore")
IMAGES = ("proxy", "full")
# The image that answers calls must not carry these.
TRAINING = re.compile(r"full\.lock|dev\.lock|torch|transformers")


def sources(files: Files) -> Iterator[str]:
    """What a stage copies is in a clean clone, or was made by an earlier stage."""
    known: list[str] = []
    for stage in files.stages.values():
        for found in stage.own:
            if found.word == "ADD":
                yield f"line {found.line}: ADD; COPY says what it does"
            if found.word == "COPY":
                yield from _copied(found, known)
        known.append(stage.name)


def _copied(found: Instruction, known: list[str]) -> Iterator[str]:
    origin = found.flag("from")
    if origin is not None:
        if origin not in known:
            yield f"line {found.line}: no earlier stage {origin}"
        return
    for source in found.words[:-1]:
        if why := unseen(source, *IGNORE_FILES):
            yield f"line {found.line}: {source} {why}"


def locks(files: Files) -> Iterator[str]:
    """Whatever pip reads is a lock that the stage has, with its hashes checked."""
    for stage in files.stages.values():
        copied = {word for found in stage.instructions if found.word == "COPY" for word in found.words[:-1]}
        for found in stage.own:
            for lock in re.findall(r"(?:-r|--requirement)[ =](\S+)", found.rest) if found.word == "RUN" else ():
                if lock not in copied:
                    yield f"line {found.line}: {lock} is not copied into {stage.name}"
                if "--require-hashes" not in found.rest:
                    yield f"line {found.line}: {lock} is installed without --require-hashes"


def wheel_inputs(files: Files) -> Iterator[str]:
    """The stage that builds the wheel has everything that pyproject.toml makes it of."""
    builders = [s for s in files.stages.values() if any("pip wheel" in f.rest for f in s.own if f.word == "RUN")]
    if len(builders) != 1:
        yield f"{len(builders)} stages build the wheel"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extra = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    needed = ["pyproject.toml", "README.md", "LICENSE", "shadowbert", *extra]
    for stage in builders:
        copied = {word for found in stage.own if found.word == "COPY" for word in found.words[:-1]}
        yield from (
            f"stage {stage.name} lacks {name}, which the wheel is made of" for name in needed if name not in copied
        )


def images(files: Files) -> Iterator[str]:
    """The images run as nobody in particular, keep their data in a volume, and say whether they are well."""
    for name in IMAGES:
        if (stage := files.stages.get(name)) is None:
            yield f"there is no stage {name}"
            continue
        yield from _user(stage)
        seen = effective(stage.environment)
        if isinstance(seen, str):
            yield f"stage {name}: {seen}"
        else:
            yield from _agreement(stage, seen)
        yield from _command(stage)


def _user(stage: Stage) -> Iterator[str]:
    user = stage.last("USER")
    if user is None or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", user.rest):
        yield f"stage {stage.name} runs as {user.rest if user else 'root'}: a number other than 0 is wanted"


def _agreement(stage: Stage, seen: Effective) -> Iterator[str]:
    exposed, volume, health = stage.last("EXPOSE"), stage.last("VOLUME"), stage.last("HEALTHCHECK")
    if seen.loopback:
        yield f"stage {stage.name} listens on loopback, where nobody outside the container can reach it"
    if exposed is None or exposed.rest != str(seen.port):
        yield f"stage {stage.name} must EXPOSE {seen.port}"
    if volume is None or seen.data_dir not in volume.words:
        yield f"stage {stage.name} keeps its data in {seen.data_dir}, which is no VOLUME"
    if health is None or "/healthz" not in health.rest or str(seen.port) not in health.rest:
        yield f"stage {stage.name} has no HEALTHCHECK of /healthz on port {seen.port}"


def _command(stage: Stage) -> Iterator[str]:
    health = stage.last("HEALTHCHECK")
    shell = [f for f in (stage.last("ENTRYPOINT"), stage.last("CMD")) if f and exec_form(f.rest) is None]
    if health and exec_form(health.rest[health.rest.find("CMD") + 3 :].strip()) is None:
        shell.append(health)
    yield from (f"line {found.line}: {found.word} is not in exec form" for found in shell)
    entry, command = stage.last("ENTRYPOINT"), stage.last("CMD")
    if entry is None or entry.words != ["shadowbert"] or command is None:
        yield f"stage {stage.name} does not run shadowbert"
    elif why := command_fault(command.words):
        yield f"line {command.line}: shadowbert {' '.join(command.words)}: {why}"


def lean_proxy(files: Files) -> Iterator[str]:
    """Nothing of training reaches the image that answers calls, by whichever stages it is made of."""
    waiting, seen = ["proxy"], set[str]()
    while waiting:
        stage = files.stages.get(waiting.pop())
        if stage is None or stage.name in seen:
            continue
        seen.add(stage.name)
        waiting += [stage.base, *(f.flag("from") or "" for f in stage.own if f.word == "COPY")]
        yield from (f"line {f.line}: {f.rest}: reaches the image proxy" for f in stage.own if TRAINING.search(f.rest))


IMAGE_RULES = (sources, locks, wheel_inputs, images, lean_proxy)

"""The settings, read from a TOML file, the environment and flags; later ones win.

The only reader of the environment and of settings files. Every mistake is a ConfigError of one line that says where it
stands and what is allowed. Refuses to know what may stand in them (`sections`).
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shadowbert.errors import ConfigError
from shadowbert.sections import NamedUpstreamSettings, Settings

PREFIX = "SHADOWBERT_"
CONFIG_VARIABLE = "SHADOWBERT_CONFIG"
DEFAULT_FILES = ("configs/shadowbert.toml", "shadowbert.toml")
ANY_NAME = "NAME"


def load_settings(config: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """Flags beat the environment, which beats the file. Flags go by dotted key; None means not given.

    The file is `config`, else $SHADOWBERT_CONFIG, else the first of DEFAULT_FILES that exists. Raises ConfigError.
    """
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    sources = [_Source("flag", _nested(given)), _Source("variable", _nested(_variables(os.environ)))]  # noqa: TID251 - the one reader
    if file := config or _config_file(os.environ.get(CONFIG_VARIABLE)):  # noqa: TID251 - the one reader
        sources.append(_Source(str(file), _parsed(file)))
    values: dict[str, object] = {}
    for source in reversed(sources):
        values = _merged(values, source.values)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigError(_sentence(exc.errors(), sources)) from None


def training_environment(threads: int) -> dict[str, str]:
    """The environment of a training child: two OpenMP pools that spin on the same cores slow each other tenfold."""
    limits = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    return {**os.environ, **limits}  # noqa: TID251 - the one reader


def key_variable(upstream: str) -> str:
    """Where an operator's own key for an upstream stands; an empty name is the default one's.

    >>> key_variable(""), key_variable("groq"), key_variable("together-eu")
    ('OPENAI_API_KEY', 'GROQ_API_KEY', 'TOGETHER_EU_API_KEY')
    """
    return f"{(upstream or 'openai').replace('-', '_').upper()}_API_KEY"


def upstream_key(upstream: str) -> str | None:
    """For what no client asks. No part of the settings: they are shown and handed on, and a key is not."""
    return os.environ.get(key_variable(upstream)) or None  # noqa: TID251 - the one reader


def foreign_variables() -> dict[str, str]:
    """The environment without our own settings, for a child that must not inherit them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}  # noqa: TID251 - the one reader


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    values: Mapping[str, object]

    def holds(self, path: tuple[str, ...]) -> bool:
        value: object = self.values
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                return False
            value = value[key]
        return True

    def place(self, path: tuple[str, ...]) -> str:
        """Where a person finds this key."""
        if self.name == "variable":
            return f"variable {_variable(path)}"
        return f"flag {'.'.join(path)}" if self.name == "flag" else f"{self.name}: {'.'.join(path)}"


def _config_file(named: str | None) -> Path | None:
    if named:
        return Path(named)
    return next((path for name in DEFAULT_FILES if (path := Path(name)).is_file()), None)


def _parsed(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from None
    except ValueError as exc:
        raise ConfigError(f"{file}: not a TOML file: {exc}") from None


def _keys(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key; ANY_NAME stands where the operator names a table."""
    for name, field in model.model_fields.items():
        if name == "upstreams":
            yield from _keys(NamedUpstreamSettings, (name, ANY_NAME))
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, (*path, name))
        else:
            yield (*path, name)


def _below(key: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a key lies in the section at this path, or is the key at this path."""
    return len(key) >= len(path) and all(known in (part, ANY_NAME) for known, part in zip(key, path, strict=False))


def _variable(path: tuple[str, ...]) -> str:
    return PREFIX + "__".join(path).upper()


def _read_by(variable: str) -> str | None:
    """The dotted key that an environment variable sets; None where nobody reads it."""
    path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
    known = variable == _variable(path) and any(len(key) == len(path) and _below(key, path) for key in _keys())
    return ".".join(path) if known else None


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Dotted key to value; an empty variable counts as not set. Raises ConfigError for one that nobody reads."""
    found: dict[str, str] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        key = _read_by(name)
        if key is None and not _announced_service(name, value):
            known = [_variable(path).removeprefix(PREFIX) for path in _keys()]
            raise ConfigError(
                f"variable {name}: unknown{_did_you_mean(name.removeprefix(PREFIX), known, prefix=PREFIX)}"
            )
        if key is not None and value:
            found[key] = value
    return found


def _announced_service(name: str, value: str) -> bool:
    """Kubernetes sets such variables in every pod beside a service called shadowbert."""
    return bool(re.search(r"_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP)", name)) or value.startswith(("tcp://", "udp://"))


def _nested(dotted: Mapping[str, object]) -> dict[str, object]:
    """Dotted keys as a tree.

    >>> _nested({"server.port": 1, "data_dir": "d"})
    {'server': {'port': 1}, 'data_dir': 'd'}
    """
    tree: dict[str, object] = {}
    for key, value in dotted.items():
        branch: object = value
        for part in reversed(key.split(".")):
            branch = {part: branch}
        tree = _merged(tree, cast("dict[str, object]", branch))
    return tree


def _merged(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _sentence(errors: list[ErrorDetails], sources: list[_Source]) -> str:
    first = errors[0]
    path = tuple(str(part) for part in first["loc"])
    source = next(source for depth in range(len(path), -1, -1) for source in sources if source.holds(path[:depth]))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{source.place(path)}: {_complaint(first, path)}{more}"


def _complaint(error: ErrorDetails, path: tuple[str, ...]) -> str:
    if error["type"] == "extra_forbidden":
        siblings = sorted({key[len(path) - 1] for key in _keys() if len(key) >= len(path) and _below(key, path[:-1])})
        return f"unknown key{_did_you_mean(path[-1], siblings)}"
    if error["type"] in ("model_type", "model_attributes_type"):
        return "should be a section"
    wish = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    # A URL may hold a password, and a table may hold a URL.
    told = path[-1].endswith(("url", "secret")) or isinstance(error["input"], Mapping)
    return wish if told else f"{wish} (got {error['input']!r:.60})"


def _did_you_mean(word: str, known: list[str], *, prefix: str = "") -> str:
    if close := get_close_matches(word, known, n=1):
        return f'; did you mean "{prefix}{close[0]}"?'
    return f"; known are {', '.join(known)}" if len(known) < 20 else ""

"""Settings on their way to a child, and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bootstrap.arguments import as_arguments, flags_of, read_arguments
from shadowbert.errors import ConfigError


def test_a_child_gets_the_same_settings(tmp_path: Path) -> None:
    config = tmp_path / "shadowbert.toml"
    config.write_text("[policy]\ntarget = 0.9\n", "utf-8")
    flags = {"data_dir": tmp_path / "my data", "server.port": 8123, "server.host": None}
    child = read_arguments(["loader", *as_arguments(config, flags), "--lifeline=7"], roles=("loader", "worker"))
    assert (child.role, child.lifeline, child.socket) == ("loader", 7, None)
    assert (child.settings.data_dir, child.settings.server.port) == (tmp_path / "my data", 8123)
    assert (child.settings.server.host, child.settings.policy.target) == ("127.0.0.1", 0.9)


@given(st.dictionaries(st.from_regex(r"[a-z]+(\.[a-z_]+)?", fullmatch=True), st.text(), max_size=4))
def test_flags_survive_the_way(flags: dict[str, str]) -> None:
    words = [word.removeprefix("--set=") for word in as_arguments(None, flags)]
    assert flags_of(words) == flags


def test_a_lone_role_needs_no_word() -> None:
    assert read_arguments([], roles=("web",)).role == "web"


def test_what_is_no_pair() -> None:
    with pytest.raises(ConfigError, match=r"flag --set server\.port: should be KEY=VALUE"):
        flags_of(["server.port"])


def test_bad_settings() -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        read_arguments(["--set=server.prot=1"], roles=("web",))

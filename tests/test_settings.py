import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.task import Policy
from shadowbert.errors import ConfigError
from shadowbert.sections import Settings
from shadowbert.settings import load_settings

EXAMPLE = Path(__file__).parents[1] / "configs" / "shadowbert.toml"


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SHADOWBERT_")]:  # noqa: TID251 - to clear it
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "shadowbert.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def complaint(config: Path | None = None, flags: dict[str, object] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(config, flags)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_without_anything_there_are_the_defaults() -> None:
    assert load_settings() == Settings()


def test_the_example_is_the_defaults_and_complete() -> None:
    assert load_settings(EXAMPLE) == Settings()
    example = tomllib.loads(EXAMPLE.read_text())
    assert example == Settings().model_dump(mode="json")


def test_flags_beat_the_environment_beats_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written("[server]\nport = 1\nprocesses = 1\nkeep_alive_s = 1\n")
    monkeypatch.setenv("SHADOWBERT_SERVER__PORT", "2")
    monkeypatch.setenv("SHADOWBERT_SERVER__PROCESSES", "2")
    server = load_settings(flags={"server.port": 3, "server.processes": None}).server
    assert (server.port, server.processes, server.keep_alive_s) == (3, 2, 1.0)


@pytest.mark.parametrize("name", ["configs/shadowbert.toml", "shadowbert.toml"])
def test_the_usual_files_are_found(name: str) -> None:
    written("[server]\nport = 9", name)
    assert load_settings().server.port == 9


def test_the_named_file_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    written("[server]\nport = 1\nprocesses = 5")
    monkeypatch.setenv("SHADOWBERT_CONFIG", str(written("[server]\nport = 2", "env.toml")))
    assert load_settings().server.port == 2
    assert load_settings(written("[server]\nport = 3", "flag.toml")).server.port == 3
    assert load_settings().server.processes == 1


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("SHADOWBERT_DATA_DIR", "/var/lib/x", "data_dir", Path("/var/lib/x")),
        ("SHADOWBERT_SERVER__HEADERS", "off", "server.headers", False),
        ("SHADOWBERT_POLICY__TARGET", "0.9", "policy.target", 0.9),
        ("SHADOWBERT_STUDENT__DEADLINE_MS", "150", "student.deadline_ms", 150.0),
        ("SHADOWBERT_JOURNAL__DURABILITY", "power-loss", "journal.durability", "power-loss"),
        ("SHADOWBERT_SERVER__PORT", "", "server.port", 8700),
    ],
)
def test_variables_are_read(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, key: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    found: object = load_settings()
    for part in key.split("."):
        found = getattr(found, part)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[server]\nprot = 1", 'shadowbert.toml: server.prot: unknown key; did you mean "port"?'),
        ("[sever]\nport = 1", 'shadowbert.toml: sever: unknown key; did you mean "server"?'),
        ("[worker]\ncolour = 1", "shadowbert.toml: worker.colour: unknown key; known are lease_s, poll_s"),
        ("server = 3", "shadowbert.toml: server: should be a section"),
        (
            "[server]\nport = 70000",
            "shadowbert.toml: server.port: should be less than or equal to 65535 (got 70000)",
        ),
        ('[policy]\nautopilot = "yes"', "shadowbert.toml: policy.autopilot: should be 'on' or 'ask' (got 'yes')"),
        (
            "[policy]\naudit_rate = 0.001",
            "shadowbert.toml: policy.audit_rate: should be greater than or equal to 0.01 (got 0.001)",
        ),
        ("[upstream]\nread_s = inf", "shadowbert.toml: upstream.read_s: should be a finite number (got inf)"),
        (
            '[upstream]\nbase_url = "api"',
            "shadowbert.toml: upstream.base_url: should be an http or https URL without a query",
        ),
        ("[server]\nprot = 1\nport = -1", None),
    ],
)
def test_a_mistake_in_the_file_is_one_line(text: str, sentence: str | None) -> None:
    written(text)
    found = complaint()
    assert found == sentence if sentence else found.endswith("(and 1 more)")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "SHADOWBERT_SERVER__PROT",
            "1",
            'variable SHADOWBERT_SERVER__PROT: unknown; did you mean "SHADOWBERT_SERVER__PORT"?',
        ),
        (
            "SHADOWBERT_UPSTREM__BASE_URL",
            "https://x",
            'variable SHADOWBERT_UPSTREM__BASE_URL: unknown; did you mean "SHADOWBERT_UPSTREAM__BASE_URL"?',
        ),
        ("SHADOWBERT_ZZZZZZ", "1", "variable SHADOWBERT_ZZZZZZ: unknown"),
        (
            "SHADOWBERT_UPSTREAM__AUTH",
            "off",
            "variable SHADOWBERT_UPSTREAM__AUTH: should be 'passthrough' or 'none' (got 'off')",
        ),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert complaint() == sentence


def test_what_kubernetes_announces_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SHADOWBERT_SERVICE_HOST": "10.0.0.1",
        "SHADOWBERT_SERVICE_PORT_HTTP": "8700",
        "SHADOWBERT_PORT": "tcp://10.0.0.1:8700",
        "SHADOWBERT_PORT_8700_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == Settings()


def test_a_mistake_in_a_flag_names_the_flag() -> None:
    written("[server]\nport = 1")
    assert complaint(flags={"server.port": "x"}).startswith("flag server.port: should be a valid integer")


def test_a_password_in_a_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHADOWBERT_UPSTREAM__BASE_URL", "ftp://user:hunter2@host")
    assert "hunter2" not in complaint()
    monkeypatch.delenv("SHADOWBERT_UPSTREAM__BASE_URL")
    monkeypatch.setenv("SHADOWBERT_STORE__URL", "postgresql+psycopg://user:hunter2@host/db")
    assert "hunter2" not in repr(load_settings())


@pytest.mark.parametrize("content", [b"server = ", b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_one_line(content: bytes | None) -> None:
    path = Path("broken.toml")
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert complaint(path).startswith("broken.toml: ")
    assert complaint(Path("absent.toml")) == "absent.toml: cannot be read: No such file or directory"


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), min_size=1, max_size=3))
def test_no_flag_passes_unknown(flags: dict[str, object]) -> None:
    flags = {f"x{key}": value for key, value in flags.items()}
    with pytest.raises(ConfigError, match="unknown key"):
        load_settings(EXAMPLE, flags)


def test_the_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().server.port = 1


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.7", False),
        ("example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, *, loopback: bool) -> None:
    assert load_settings(flags={"server.host": host}).loopback is loopback


def test_derived_values() -> None:
    settings = load_settings(flags={"data_dir": "~/d", "policy.autopilot": "ask", "training.first": 50})
    assert settings.data_dir == Path.home() / "d"
    assert settings.journal_dir == Path.home() / "d" / "journal"
    assert settings.store_url == f"sqlite:///{Path.home()}/d/shadowbert.db"
    assert load_settings(flags={"store.url": "sqlite:///x.db"}).store_url == "sqlite:///x.db"
    assert settings.default_policy == Policy(first_training=50, autopilot=False)
    assert Settings().default_policy == Policy()
    assert Settings().upstream.total_limit_s is None
    assert load_settings(flags={"upstream.total_s": 5}).upstream.total_limit_s == 5.0
    assert load_settings(flags={"upstream.base_url": "http://h/v1/"}).upstream.base_url == "http://h/v1"


AZURE = '[upstreams.azure]\nbase_url = "https://a/openai"\n'


def test_named_upstreams_are_read_in_the_order_of_the_file() -> None:
    written(
        '[upstreams.west]\nbase_url = "http://w/v1/"\nmodels = ["b-*", "a"]\nauth = "none"\n'
        + AZURE
        + 'path_prefix = "/azure/"\nread_s = 5'
    )
    west, azure = (upstreams := load_settings().upstreams).values()
    assert list(upstreams) == ["west", "azure"]
    assert (west.base_url, west.models, west.auth, west.path_prefix) == ("http://w/v1", ("b-*", "a"), "none", "")
    assert (azure.path_prefix, azure.read_s, azure.connect_s, azure.models) == ("/azure", 5.0, 10.0, ())


def test_named_upstreams_come_from_variables_and_flags_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHADOWBERT_UPSTREAMS__MY-WEST__BASE_URL", "http://w/v1")
    monkeypatch.setenv("SHADOWBERT_UPSTREAMS__MY-WEST__MODELS", "b-*, a")
    west = load_settings(flags={"upstreams.my-west.auth": "none"}).upstreams["my-west"]
    assert (west.base_url, west.models, west.auth) == ("http://w/v1", ("b-*", "a"), "none")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (AZURE, "upstreams.azure: should say a path_prefix or models: no call would go there"),
        ('[upstreams.azure]\npath_prefix = "/azure"', "upstreams.azure: should say its base_url"),
        (AZURE + 'prefix = "/a"', 'upstreams.azure.prefix: unknown key; did you mean "path_prefix"?'),
        (
            AZURE + 'colour = "/a"',
            (
                "upstreams.azure.colour: unknown key; known are auth, base_url, connect_s, models, path_prefix, read_s,"
                " total_s"
            ),
        ),
        (
            '[upstreams.azure]\nbase_url = "ftp://a:secret@b"\npath_prefix = "/a"',
            "upstreams.azure.base_url: should be an http or https URL without a query",
        ),
        (
            AZURE + 'path_prefix = "/a"\n[upstreams.west]\nbase_url = "http://w"\npath_prefix = "/a/"',
            "upstreams: azure and west should not share the path_prefix /a",
        ),
        (
            AZURE + 'path_prefix = "/shadowbert/a"',
            (
                "upstreams.azure.path_prefix: should not begin with /shadowbert: shadowbert answers there itself"
                " (got '/shadowbert/a')"
            ),
        ),
        (AZURE + 'path_prefix = "azure"', """upstreams.azure.path_prefix: should look like "/azure" (got 'azure')"""),
        (
            AZURE + 'path_prefix = "/a/../b"',
            """upstreams.azure.path_prefix: should look like "/azure" (got '/a/../b')""",
        ),
        (AZURE + 'path_prefix = "/"', """upstreams.azure.path_prefix: should look like "/azure" (got '/')"""),
        (AZURE + 'models = [""]', "upstreams.azure.models.0: String should have at least 1 character (got '')"),
        ('[upstreams.llm]\nbase_url = "http://a"\nmodels = ["m"]', 'upstreams: "llm" is reserved'),
        (
            '[upstreams."My West"]\nbase_url = "http://a"\nmodels = ["m"]',
            'upstreams: "My West" is no name: lower-case letters, digits and hyphens are',
        ),
        ('[upstreams]\nazure = "http://a"', "upstreams.azure: should be a section"),
        ("upstreams = 3", "upstreams: should be a valid dictionary (got 3)"),
    ],
)
def test_a_mistake_in_an_upstream_is_one_line(text: str, sentence: str) -> None:
    written(text)
    assert complaint() == f"shadowbert.toml: {sentence}"


def test_a_base_url_with_credentials_is_refused_and_not_repeated() -> None:
    sentence = complaint(flags={"upstream.base_url": "https://user:hunter2@host/v1"})
    assert sentence == "flag upstream.base_url: should hold no credentials: the clients' own go through"


def test_a_mistake_in_a_variable_of_an_upstream_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHADOWBERT_UPSTREAMS__AZURE__BASEURL", "http://a")
    assert complaint().startswith("variable SHADOWBERT_UPSTREAMS__AZURE__BASEURL: unknown")


def test_the_examples_of_upstreams_are_right() -> None:
    commented = EXAMPLE.read_text().partition("[upstreams]")[2].partition("[responses]")[0]
    lines = [line.removeprefix("# ") for line in commented.splitlines() if " = " in line or line.startswith("# [upst")]
    upstreams = load_settings(written("\n".join(lines))).upstreams
    assert [(u.path_prefix, bool(u.models)) for u in upstreams.values()] == [("/azure", False), ("", True)]

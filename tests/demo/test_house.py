import socket
import tomllib
from pathlib import Path

import pytest

from shadowbert.demo.house import CONFIG, serving, settings_for, url_of
from shadowbert.errors import OperatorError
from shadowbert.sections import Settings
from shadowbert.settings import load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "it's here", upstream="http://127.0.0.1:9/v1", target=0.9, first=300)


def test_keeps_the_products_defaults_but_a_few(settings: Settings) -> None:
    defaults = Settings()
    assert settings.policy.alpha == defaults.policy.alpha
    assert settings.policy.audit_rate == defaults.policy.audit_rate
    assert settings.policy.min_rows == defaults.policy.min_rows
    assert settings.policy.target == 0.9
    assert settings.default_policy.first_training == 300


@pytest.mark.slow
def test_a_real_server_starts_from_the_file_it_writes_and_stops_cleanly(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHADOWBERT_POLICY__TARGET", "0.77")
    with serving(settings) as house:
        assert url_of(house.settings).endswith("/v1")
        assert house.exit_code is None
    assert house.exit_code == 0
    monkeypatch.delenv("SHADOWBERT_POLICY__TARGET")
    assert load_settings(settings.data_dir / CONFIG) == settings
    assert tomllib.loads((settings.data_dir / CONFIG).read_text())["policy"]["target"] == 0.9


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(settings: Settings) -> None:
    taken = socket.create_server(("127.0.0.1", settings.server.port))
    with taken, pytest.raises(OperatorError, match="cannot listen"), serving(settings):
        pytest.fail("it started")

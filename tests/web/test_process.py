"""The application of a web process, whole, in front of a simulated upstream: what it counts is what it answered."""

import json
import urllib.request
from pathlib import Path

from shadowbert.bootstrap.storage import prepare_store
from shadowbert.sections import Settings
from shadowbert.testing.serving import serving, serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from shadowbert.web.process import build_app

CALL = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}).encode()


def fetch(url: str, body: bytes | None = None) -> str:
    request = urllib.request.Request(url, body, {"authorization": "Bearer sk-1"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return str(reply.read().decode())


def test_metrics_tell_of_this_process(tmp_path: Path) -> None:
    upstream = SimulatedUpstream(simulation=Simulation(median_ms=1.0, sigma=0.01))
    with serving_upstream(upstream.app()) as url:
        settings = Settings.model_validate({"data_dir": tmp_path / "data", "upstream": {"base_url": f"{url}/v1"}})
        prepare_store(settings)
        with serving(build_app(settings)) as home:
            assert "shadowbert_exchanges_total{" not in fetch(f"{home}/metrics")
            for _ in range(2):
                fetch(f"{home}/v1/chat/completions", CALL)
            lines = fetch(f"{home}/metrics").splitlines()
    assert 'shadowbert_outcomes_total{outcome="complete"} 2' in lines
    assert "shadowbert_rows_lost_total 0" in lines
    (exchanges,) = (line for line in lines if line.startswith("shadowbert_exchanges_total{"))
    assert exchanges.endswith('"} 2')
    (age,) = (line for line in lines if line.startswith("shadowbert_mirror_age_seconds "))
    assert float(age.split()[1]) >= 0

"""`shadowbert ceiling` on a version that collect found; its LLM is a real HTTP upstream."""

import json
from collections.abc import Iterator, Mapping

import pytest

from shadowbert.domain.records import VersionRow
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.calls import texts
from shadowbert.testing.factories import LABELS, SYSTEM
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.oracles import Schema
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.cli.conftest import Shell
from tests.flow.test_collect import AT, put
from tests.flow.test_inherit import TASK, even, said

KEY = "sk-operators-own"
INPUTS = 60


class Fickle:
    """Says another label than before to every so manieth of the inputs."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.asked: list[str] = []

    def __call__(self, text: str, schema: Schema) -> Mapping[str, object]:
        del schema
        message = text.rpartition("\n")[2]
        self.asked.append(message)
        number = list(texts(INPUTS)).index(message)
        return {"label": LABELS[(number + (number % self.every == 0)) % 3]}


@pytest.fixture
def mind() -> Fickle:
    return Fickle(every=4)


@pytest.fixture
def upstream(mind: Fickle) -> SimulatedUpstream:
    return SimulatedUpstream(mind, Simulation(median_ms=1.0, keys=frozenset({KEY})))


@pytest.fixture
def flag(upstream: SimulatedUpstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving_upstream(upstream.app()) as url:
        yield f"--set=upstream.base_url={url}/v1"


@pytest.fixture
def version(store: Store) -> VersionRow:
    put(Collect(store, lambda: AT), [said(n, SYSTEM, even) for n in range(INPUTS)])
    with store.read() as work:
        (version,) = work.tasks.versions()
    return version


def test_nothing_is_known_before_anybody_asks(shell: Shell, version: VersionRow) -> None:
    told = "no input was asked twice yet, so nobody knows how often the LLM agrees with itself"
    assert shell("ceiling", TASK).stdout == f"{TASK}: {told}\n"
    data = shell.json("ceiling", TASK)
    assert (data["version"], data["ceiling"]["probed"], data["words"]) == (version.id, None, [told])


def test_a_probe_tells_the_price_asks_and_calls_a_target_out(
    shell: Shell, version: VersionRow, mind: Fickle, flag: str
) -> None:
    done = shell("ceiling", TASK, "--calls", "40", "--yes", flag)
    assert done.exit_code == 0, done.output
    price, same, *rest = done.stdout.splitlines()
    assert price.startswith(f"{TASK}: 40 old inputs would be asked of gpt-4o-2024-08-06 again: about 1,600 tokens in")
    changed = sum(list(texts(INPUTS)).index(message) % 4 == 0 for message in mind.asked)
    assert same == f"{40 - changed} of 40 answers were the same as the first time"
    assert rest[0].startswith(f"{TASK}: on random inputs that it was asked again, the LLM agrees with itself ")
    assert len(set(mind.asked)) == 40
    more = json.loads(shell("ceiling", TASK, "--calls", "40", "--yes", "--json", flag).stdout)
    assert (more["calls"], more["probe"]["rows"], len(set(mind.asked))) == (20, 20, INPUTS), "each input once"
    assert more["ceiling"]["probed"]["inputs"] == INPUTS
    assert more["ceiling"]["probed"]["share"] == pytest.approx(0.75)
    assert "no past input that could be asked again" in shell.refused("ceiling", TASK, "--calls", "5", flag)
    for shown in (shell("status").stdout, shell("show", TASK).stdout):
        assert "target 95 % is above the ceiling on all calls" in shown
        assert "nearest target that could pass is 9" in shown
    assert shell.json("status")[0]["ceiling"]["impossible"]
    assert "asked past inputs again by" in shell("show", TASK).stdout


def test_nothing_is_sent_without_a_word(shell: Shell, version: VersionRow, mind: Fickle, flag: str) -> None:
    silent = shell("ceiling", TASK, "--calls", "30", flag)
    assert (silent.exit_code, mind.asked) == (1, [])
    assert f"nothing was asked; to do it: shadowbert ceiling {TASK} --calls 30 --yes" in silent.stderr
    as_json = shell("ceiling", TASK, "--calls", "30", "--json", flag)
    assert (as_json.exit_code, json.loads(as_json.stdout)["probe"], mind.asked) == (1, None, [])


def test_answers_that_are_none_and_calls_that_fail_count_for_nothing(
    shell: Shell, version: VersionRow, upstream: SimulatedUpstream, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.seen.planned[:] = [Fault(Kind.STATUS, status=404)]
    done = shell("ceiling", TASK, "--calls", "10", "--yes", flag)
    assert done.exit_code == 0
    assert "of 9 answers were the same" in done.stdout
    assert "1 calls failed and count for nothing" in done.stdout
    monkeypatch.delenv("OPENAI_API_KEY")
    keyless = shell("ceiling", TASK, "--calls", "10", "--yes", flag)
    assert (keyless.exit_code, "variable OPENAI_API_KEY" in keyless.stderr) == (2, True)

"""A task whose answers nobody states, on the real tree: found in one-word replies, confirmed, answered in one word."""

import json
import math
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from shadowbert.domain.task import Stage
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.e2e.calls import LABELS, MODEL, Teacher, client, message, prompt, topic_of
from tests.e2e.conftest import QUICK
from tests.e2e.tree import Tree, planted, shadowbert, until

EXAMPLES = 60


@pytest.fixture
def tree(tmp_path: Any) -> Iterator[Tree]:
    upstream = SimulatedUpstream(
        simulation=Simulation(median_ms=1.0), speaker=lambda text: str(Teacher()(text, {})["topic"])
    )
    settings = {**QUICK, "training.first": EXAMPLES}
    with serving_upstream(upstream.app()) as url, planted(Tree(tmp_path / "data", url, settings)) as planted_tree:
        yield planted_tree


def word(caller: openai.OpenAI, n: int, **changes: Any) -> Any:
    return caller.chat.completions.with_raw_response.create(
        model=MODEL, messages=prompt(message(n)), max_tokens=5, **changes
    )


@pytest.mark.slow
def test_one_word_answers_become_a_task(tree: Tree) -> None:
    with client(tree.url) as caller:
        for n in range(EXAMPLES + 10):
            assert word(caller, n).parse().choices[0].message.content == topic_of(n)
        until(lambda: tree.versions() and tree.versions()[0].stage is Stage.SHADOW, told=tree.said)
        (version,) = tree.versions()
        assert version.contract.fields[0].labels == LABELS
        here = (version.task, f"--data-dir={tree.data_dir}")
        assert json.loads(shadowbert("confirm", *here, "--json").stdout)["stage"] == "shadow"
        assert shadowbert("confirm", *here).returncode != 0, "it is confirmed already"
        assert shadowbert("cutover", *here, "--force", "--why", "trial").returncode == 0
        n, reply = until(lambda: _local(caller), told=tree.said)
    choice = reply.choices[0]
    assert (choice.message.content, choice.finish_reason) == (topic_of(n), "stop")
    (token,) = choice.logprobs.content
    assert token.top_logprobs[0].token == token.token == topic_of(n)
    assert sum(math.exp(top.logprob) for top in token.top_logprobs) == pytest.approx(1.0, abs=0.05)


def _local(caller: openai.OpenAI) -> Any:
    for n in range(1000, 1020):
        raw = word(caller, n, logprobs=True, top_logprobs=3)
        if raw.headers["x-shadowbert-source"] == "student":
            return n, raw.parse()
    return None

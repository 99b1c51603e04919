"""OpenAI's own clients before the real answer path: every way they ask, first taught by the LLM, then cut over."""

import pytest

from tests.clients.environments import Library, library
from tests.clients.matrix import examine


@pytest.fixture
def node() -> Library:
    found = library("openai-node-6")
    if not found.built:
        pytest.skip("openai-node is not installed; `make test-clients` installs it")
    return found


def test_openai_python() -> None:
    verdicts = examine(library("openai-python-3"))
    assert [verdict for verdict in verdicts if not verdict.stands] == []
    assert len(verdicts) > 40


def test_openai_node(node: Library) -> None:
    verdicts = examine(node)
    assert [verdict for verdict in verdicts if not verdict.stands] == []

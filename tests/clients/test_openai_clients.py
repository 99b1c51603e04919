"""OpenAI's own clients before the real answer path: every way they ask, first taught by the LLM, then cut over."""

import pytest

from tests.clients.environments import Library, Unavailable, library
from tests.clients.matrix import examine


@pytest.fixture
def node() -> Library:
    """Installed once; where Node is, and its package index."""
    found = library("openai-node-6")
    try:
        found.build()
    except Unavailable as why:
        pytest.skip(str(why))
    return found


def test_openai_python() -> None:
    verdicts = examine(library("openai-python-3"))
    assert [verdict for verdict in verdicts if not verdict.stands] == []
    assert len(verdicts) > 40


def test_openai_node(node: Library) -> None:
    verdicts = examine(node)
    assert [verdict for verdict in verdicts if not verdict.stands] == []

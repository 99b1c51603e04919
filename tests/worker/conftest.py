"""Tiny real students, as the tests of `bert` make them."""

from tests.bert.conftest import copied, published, tiny_encoder

__all__ = ["copied", "published", "tiny_encoder"]

"""The coins of the policy: keyed hashes that decide without memory, the same way in every process.

Knows nothing of stages or students.
"""

from hashlib import blake2b


class Coins:
    """BLAKE2b (RFC 7693) with a secret key: nobody outside can tell which calls will be audited."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, digest_size=32).digest()

    def audited(self, exchange_id: str, rate: float) -> bool:
        """Whether the uniform coin sends this exchange to the LLM."""
        return self._uniform(b"audit", exchange_id) < rate

    def in_share(self, version_id: str, input_hash: str, share: float) -> bool:
        """Whether this text is among those that a version serves; a text served at 5 % is served at 25 %."""
        return self._uniform(b"share", f"{version_id}\n{input_hash}") < share

    def _uniform(self, coin: bytes, text: str) -> float:
        """In [0, 1), with 53 random bits."""
        digest = blake2b(text.encode(), digest_size=8, key=self._key, person=coin).digest()
        return (int.from_bytes(digest) >> 11) / 2**53

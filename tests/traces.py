"""Looks for a secret in what was written: as it is, and as any hash of it that somebody without a key could make."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator

SHORTEST = 12
"""Hex digits: of a digest that was cut, so many are still found."""
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")


def traces(secret: str, written: bytes) -> list[str]:
    """What of the secret stands there, in words."""
    found = [what for what, form in _forms(secret) if form in written]
    return found if secret.encode() not in written else ["the secret itself", *found]


def _forms(secret: str) -> Iterator[tuple[str, bytes]]:
    for told in (secret, f"Bearer {secret}", f"authorization:Bearer {secret}", f"api-key:{secret}"):
        yield f"base64 of {told}", b64encode(told.encode()).rstrip(b"=")
        for name in HASHES:
            digest = hashlib.new(name, told.encode()).digest()
            yield f"{name} of {told}", digest.hex()[:SHORTEST].encode()
            yield f"raw {name} of {told}", digest[:SHORTEST]
            yield f"base64 {name} of {told}", urlsafe_b64encode(digest)[:SHORTEST]

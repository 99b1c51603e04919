"""What a caller is known by in the log: a keyed pseudonym of its credential. Holds a key, and never a credential.

Nobody can tell the credential from it, nor try credentials against it without the key; one caller has the same
pseudonym in every process of an installation, and another one in every other installation.
"""

import hmac

from shadowbert.flow.incoming import Wishes

LENGTH = 16
"""Hex digits: among a million callers one chance in 37 million that two are taken for one."""
_READ_FIRST = (b"authorization", b"api-key", b"x-api-key", b"ocp-apim-subscription-key")
"""One header names the caller, or else everybody could be many callers by adding another one that upstream ignores."""


class Pseudonyms:
    """HMAC-SHA256 (RFC 2104) of the credential. Without a key all callers are one."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes | None = None) -> None:
        self._key = None if key is None else hmac.digest(key, b"shadowbert callers", "sha256")

    def of(self, wishes: Wishes) -> str:
        """Empty where the call names nobody, or names somebody twice."""
        told = _told(wishes)
        return "" if told is None or self._key is None else hmac.digest(self._key, told, "sha256").hex()[:LENGTH]


NAMELESS = Pseudonyms()


def _told(wishes: Wishes) -> bytes | None:
    """The secret without the words around it: to upstream `Bearer x` and `bearer  x` are the same."""
    by_name: dict[bytes, list[bytes]] = {}
    for credential in wishes.credential:
        name, _, value = credential.partition(b":")
        by_name.setdefault(name, []).append(value)
    values = next((by_name[name] for name in _READ_FIRST if name in by_name), [])
    words = values[0].split() if len(values) == 1 else []
    return words[-1] if words else None

"""Undoes a reply's content-encoding on a copy; refuses what it cannot decode or what grows beyond reason."""

import zlib

LIMIT = 64 * 1024 * 1024
"""Decoded bytes beyond which a body is not read: no answer to a classification is that long."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


def decode(body: bytes, content_encoding: str) -> bytes | None:
    """The plain body, as far as it goes when it was cut off; None for an unknown or broken encoding."""
    for name in reversed([part.strip().lower() for part in content_encoding.split(",")]):
        if name in ("", "identity"):
            continue
        plain = _inflate(body) if name in ("gzip", "x-gzip", "deflate") else None
        if plain is None:
            return None
        body = plain
    return body


def _inflate(body: bytes) -> bytes | None:
    for wbits in (_GZIP_OR_ZLIB, _RAW_DEFLATE):  # some servers mean raw deflate by "deflate"
        inflater = zlib.decompressobj(wbits)
        try:
            plain = inflater.decompress(body, LIMIT)
        except zlib.error:
            continue
        return None if inflater.unconsumed_tail else plain
    return None

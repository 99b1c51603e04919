"""Identifiers: UUIDv7 (RFC 9562, section 5.7), sortable by the millisecond they were made in."""

import os
import time


def uuid7(unix_ms: int | None = None) -> str:
    """A new UUIDv7 in its 36-character form."""
    ms = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    made, drawn = f"{ms & 0xFFFF_FFFF_FFFF:012x}", os.urandom(10).hex()
    variant = "89ab"[int(drawn[0], 16) & 3]
    return f"{made[:8]}-{made[8:]}-7{drawn[1:4]}-{variant}{drawn[4:7]}-{drawn[7:19]}"

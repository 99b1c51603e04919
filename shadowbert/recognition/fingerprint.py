"""Names for values: canonical JSON, and hashes of inputs and schemas. Knows nothing of what they mean."""

from hashlib import blake2b
from unicodedata import normalize

import orjson

from shadowbert.wire.output_ask import schema_key

__all__ = ["canonical_json", "digest", "input_hash", "schema_key"]


def canonical_json(value: object) -> str:
    """Compact JSON with sorted keys, non-ASCII raw. Raises TypeError for what JSON cannot say.

    >>> canonical_json({"b": [True, None], "a": "très"})
    '{"a":"très","b":[true,null]}'
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    """32 hex digits of BLAKE2b."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def input_hash(text: str) -> str:
    """Names an input regardless of case, white space and Unicode spelling (NFKC).

    >>> input_hash("Where  is my ORDER?") == input_hash("where is my order?")
    True
    """
    return "i1:" + digest(" ".join(normalize("NFKC", text).casefold().split()))

"""Whether a text is valid against a request's own schema: the last look at a local answer. Decides nothing else."""

from collections.abc import Mapping
from functools import lru_cache

import jsonschema_rs
import orjson


def valid(schema: Mapping[str, object], text: str) -> bool:
    """False also for a schema that cannot be used; never raises, never fetches a reference."""
    validator = _validator(orjson.dumps(schema))
    try:
        return validator is not None and validator.is_valid(orjson.loads(text))
    except orjson.JSONDecodeError:
        return False


@lru_cache(maxsize=512)
def _validator(schema: bytes) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.validator_for(schema.decode(), offline=True)
    except (ValueError, jsonschema_rs.ReferencingError):
        return None

"""Error bodies in OpenAI's shape: all four keys always present (openapi.json#/components/schemas/Error)."""

import orjson


def error_body(message: str, *, code: str, type: str = "server_error", param: str | None = None) -> bytes:  # noqa: A002 - OpenAI's word
    """`code` starts with `shadowbert_` where the error is ours."""
    return orjson.dumps({"error": {"message": message, "type": type, "param": param, "code": code}})

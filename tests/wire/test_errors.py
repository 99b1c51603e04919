import orjson
from openai.types.shared.error_object import ErrorObject

from shadowbert.wire.errors import error_body


def test_the_shape_is_openais() -> None:
    body = orjson.loads(error_body("No such response.", code="shadowbert_not_found", param="id"))
    error = ErrorObject.model_validate(body["error"], strict=True)
    assert (error.message, error.code, error.param, error.type) == (
        "No such response.",
        "shadowbert_not_found",
        "id",
        "server_error",
    )
    assert set(orjson.loads(error_body("x", code="y"))["error"]) == {"message", "type", "param", "code"}

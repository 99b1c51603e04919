"""Reads a request of the Responses API: what is asked, in which form, and what forbids a local answer.

Judges the request alone; knows nothing of tasks, stages or callers.
"""

from collections.abc import Mapping

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.wire.input_items import read_input
from shadowbert.wire.output import TEXT, Format, read_output
from shadowbert.wire.request import Request
from shadowbert.wire.responses_parameters import responses_obstacle
from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text
from shadowbert.wire.tools import read_tools

_REPEATED = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "temperature",
    "tool_choice",
    "top_p",
    "truncation",
    "user",
)


def read_responses_request(parsed: dict[str, object]) -> Request | None:
    """None where there is neither an input nor a stored prompt that may do without; never raises."""
    given = parsed.get("input")
    if not isinstance(given, str | list) and not (given is None and parsed.get("prompt")):
        return None
    plain, said = read_input(parsed.get("instructions"), given)
    prompt = plain if said is None else None
    tools = read_tools(parsed.get("tools"), parsed.get("tool_choice"), nested=False)
    output, barred = read_output(_format(parsed.get("text")), tools, prompt)
    metadata = parsed.get("metadata")
    return Request(
        endpoint=Endpoint.RESPONSES,
        model=as_text(parsed.get("model")) or "",
        prompt=prompt,
        opening=plain if said is Reason.HISTORY else None,
        output=output,
        stream=parsed.get("stream") is True,
        include_usage=True,
        obstacle=said or barred or responses_obstacle(parsed, output),
        explicit_task=as_text(as_object(metadata).get("task")) or None,
        metadata=metadata if isinstance(metadata, dict) else None,
        max_tokens=as_count(parsed.get("max_output_tokens")),
        echo=_echo(parsed),
    )


def _format(text: object) -> Format:
    given = as_object(text).get("format")
    if given is None:
        return TEXT
    asked = as_object(given)
    return Format(as_text(asked.get("type")) or "", asked)


def _echo(body: Mapping[str, object]) -> dict[str, object]:
    """What the reply repeats, as far as it is said; `strict` is on unless a tool says otherwise."""
    echo = {key: body[key] for key in _REPEATED if body.get(key) is not None}
    if body.get("text") is not None:
        said = {key: value for key, value in as_object(body["text"]).items() if value is not None}
        echo["text"] = {"format": {"type": "text"}, **said}
    if body.get("tools"):
        echo["tools"] = [{"description": None, "strict": True, **as_object(tool)} for tool in as_list(body["tools"])]
    return echo

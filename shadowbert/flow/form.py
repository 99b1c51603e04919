"""Names the form of a call: what a teacher's way of writing depends on beside the question. Judges nothing."""

from shadowbert.wire.request import Request


def form_of(request: Request) -> str:
    """Endpoint, transport, tool choice, streamed or not; empty where nothing is asked that could be answered."""
    output = request.output
    if output is None:
        return ""
    choice = output.tool_choice.value if output.tool_choice else "free"
    return f"{request.endpoint}/{output.transport}/{choice}/{'stream' if request.stream else 'whole'}"

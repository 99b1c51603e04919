"""What the child tells its parent: one JSON object a line on standard output."""

import json
import sys


def emit(event: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()

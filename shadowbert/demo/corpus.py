"""What the demonstration classifies: the support tickets in the wheel, or anybody's labelled file.

Refuses to know how files are read and what is done with the messages.
"""

import random
from importlib.resources import as_file, files
from pathlib import Path

from shadowbert.demo.dataset import Dataset
from shadowbert.demo.labelled import Columns, labels_of, read_messages

_TICKETS = """\
You sort the messages that reach the customer service of a shop for home goods. For each message answer with
intent: what it is mainly about;
urgency: high when harm or loss is near, low when the writer is in no hurry, normal otherwise;
needs_human: true when only a member of staff can settle it, or one is asked for.
"""


def tickets() -> Dataset:
    """The corpus written for this project, in its own order."""
    with as_file(files("shadowbert.demo") / "corpus" / "tickets.jsonl") as path:
        messages = read_messages(path, Columns("text", ("intent", "urgency", "needs_human")))
    return Dataset("support_ticket", _TICKETS, labels_of(messages, source="tickets"), messages)


def labelled_file(path: Path, columns: Columns, *, seed: int) -> Dataset:
    """Anybody's file. Its messages are shuffled: files are often sorted by label, and traffic is not.

    Raises ConfigError.
    """
    messages = list(read_messages(path, columns))
    fields = labels_of(messages, source=str(path))
    random.Random(seed).shuffle(messages)  # noqa: S311 - repeatable on purpose
    instruction = f"Classify the message that follows. Answer with {', '.join(fields)}."
    return Dataset("classification", instruction, fields, tuple(messages))

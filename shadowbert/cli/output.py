"""What the command line prints: lines for people, JSON for programs. The only place that prints."""

import json
import re
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.text import Text

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def tame(text: str) -> str:
    r"""Names and labels come from callers: none of them commands an operator's terminal. As long as it was.

    >>> tame("red\x1b[2J")
    'red�[2J'
    """
    return CONTROLS.sub("\ufffd", text)


def console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, soft_wrap=stderr)


def say(text: str) -> None:
    console().print(tame(text), markup=False, soft_wrap=True)


def say_lines(lines: Iterable[Text]) -> None:
    """Lines that are laid out already."""
    screen = console()
    for line in lines:
        line.plain = tame(line.plain)
        screen.print(line, soft_wrap=True)


def columns() -> int | None:
    """The terminal's width; None where there is no terminal and nobody minds long lines."""
    screen = console()
    return screen.width if screen.is_terminal else None


def ask(question: str) -> bool | None:
    """A person's yes or no; None where nobody sits there."""
    screen = console()
    return Confirm.ask(question, console=screen, default=False) if screen.is_terminal and sys.stdin.isatty() else None


def ask_for(question: str, choices: list[str]) -> str | None:
    """One of these; None where nobody sits there."""
    screen = console()
    if not (screen.is_terminal and sys.stdin.isatty()):
        return None
    return Prompt.ask(tame(question), console=screen, choices=choices, show_choices=False)


def complain(text: str) -> None:
    """One line, whatever the message holds."""
    console(stderr=True).print(f"shadowbert: {tame(' '.join(text.split()))}", markup=False)


def emit(data: object) -> None:
    """One JSON document."""
    console().print_json(json.dumps(data, default=str, ensure_ascii=False))

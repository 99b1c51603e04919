"""What commands on a task have in common: its name, why, where the server's files are, and how failures end."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from shadowbert.bootstrap.operations import Operations
from shadowbert.cli.context import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    SetOption,
    TaskArgument,
    WhyOption,
    failures,
    gather,
    opened_operations,
    operator,
)
from shadowbert.flow.operate import Operator
from shadowbert.sections import Settings

Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Hand:
    """An operator's, on a task."""

    task: str
    who: Operator
    as_json: bool
    operations: Operations
    settings: Settings


def on_task(act: Command) -> Command:
    """The command that asks for a task, for what `act` takes beside the hand, and for what all such commands take."""

    def common(
        task: TaskArgument,
        why: WhyOption = "",
        config: ConfigOption = None,
        pairs: SetOption = None,
        data_dir: DataDirOption = None,
        as_json: JsonOption = False,
        **own: object,
    ) -> None:
        with failures():
            settings, _ = gather(config, pairs, {"data_dir": data_dir})
            with opened_operations(settings) as operations:
                act(Hand(task, operator(why), as_json, operations, settings), **own)

    task, *others, _ = inspect.signature(common).parameters.values()
    _, *own = inspect.signature(act).parameters.values()
    asked = [task, *own, *others]
    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in asked]
    common.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    common.__annotations__ = {parameter.name: parameter.annotation for parameter in asked}
    common.__name__, common.__doc__ = act.__name__, act.__doc__
    return common

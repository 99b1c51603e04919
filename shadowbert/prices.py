"""What a call costs: a table of model prices, shipped as an example and read once.

Refuses to guess: a model that is not in the table has no cost. Cached input, batches and contracts are not known here.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shadowbert.errors import ConfigError

HERE = Path(__file__).parent
FILE = Path("configs") / "prices.toml"
# What follows a model's name in a snapshot's: "-2024-07-18", "-0125", "-latest". Anything else is another model.
_SNAPSHOT = re.compile(r"-(\d{4}(-\d\d-\d\d)?|latest)")


class Price(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    input: float = Field(ge=0)
    output: float = Field(ge=0)

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """In US dollars.

        >>> Price(input=2.5, output=10).cost(1000, 100)
        0.0035
        """
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1_000_000


Prices = Mapping[str, Price]
_TABLE = TypeAdapter(dict[str, Price])


def shipped_file() -> Path:
    """Beside us in the wheel, at the top of a source tree."""
    packaged = HERE / FILE
    return packaged if packaged.is_file() else HERE.parent / FILE


def read_prices(file: Path) -> Prices:
    """Raises ConfigError."""
    try:
        return _TABLE.validate_python(tomllib.loads(file.read_text("utf-8")))
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from None
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ConfigError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError as exc:
        raise ConfigError(f"{file}: not a TOML file: {exc}") from None


def price_of(model: str, prices: Prices) -> Price | None:
    """By the longest listed name of which this is the model or a dated snapshot.

    >>> mini = Price(input=0.15, output=0.6)
    >>> price_of("gpt-4o-mini-2024-07-18", {"gpt-4o": Price(input=2.5, output=10), "gpt-4o-mini": mini}) == mini
    True
    >>> price_of("gpt-4o-audio-preview", {"gpt-4o": mini}) is None
    True
    """
    names = (n for n in prices if model.startswith(n) and (model == n or _SNAPSHOT.fullmatch(model, len(n))))
    name = max(names, key=len, default=None)
    return None if name is None else prices[name]


def cost(model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
    """US dollars at the shipped prices; None for a model that has none."""
    price = price_of(model, _shipped())
    return None if price is None else price.cost(prompt_tokens, completion_tokens)


@cache
def _shipped() -> Prices:
    return read_prices(shipped_file())

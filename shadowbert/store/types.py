"""Column types for what clients and operators say. Knows no table."""

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class Words(TypeDecorator[str]):
    """Text from outside, made to fit: cut to the column's length, NUL replaced (PostgreSQL stores none).

    A row that the database refuses would hold up all rows behind it for ever.
    """

    impl: TypeEngine[str] | type[TypeEngine[str]] = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        if length is None:
            self.impl = Text()
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else fitted(value, self.length)


def fitted(value: str, length: int | None = None) -> str:
    """As such a column would hold it."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")[:length]

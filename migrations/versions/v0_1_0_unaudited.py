"""Since when nobody checks a version's answers, and whether an operator lets it go on: of versions, and in verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.unaudited"
down_revision = "v0.1.0.alerts"

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table in ("versions", "verdicts"):
        op.add_column(table, sa.Column("unaudited", SEQ, nullable=True))
        op.add_column(table, sa.Column("frozen", sa.Boolean(), nullable=False, server_default=sa.text("(false)")))


def downgrade() -> None:
    for table in ("verdicts", "versions"):
        op.drop_column(table, "frozen")
        op.drop_column(table, "unaudited")

"""Whether an operator has cut over so that no alarm ends it: of versions, and in verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.alarms"
down_revision = "v0.1.0.labels"


def upgrade() -> None:
    for table in ("versions", "verdicts"):
        op.add_column(table, sa.Column("alarms_off", sa.Boolean(), nullable=False, server_default=sa.text("(false)")))


def downgrade() -> None:
    for table in ("verdicts", "versions"):
        op.drop_column(table, "alarms_off")

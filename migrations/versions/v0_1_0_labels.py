"""Which labels left the slice when a candidate entered, and what showed them bad."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.labels"
down_revision = "v0.1.0.unaudited"


def upgrade() -> None:
    op.add_column("candidates", sa.Column("departures", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("candidates", "departures")

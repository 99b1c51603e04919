"""What people are told by themselves. Verdicts from before were no secret: nobody is told of them now."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.alerts"
down_revision = "v0.1.0.truth"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("delivered_at", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.Float(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_alerts_key")),
    )
    op.create_index(op.f("ix_alerts_next_try_at"), "alerts", ["next_try_at"])
    op.execute("INSERT INTO marks (name, seq) SELECT 'alerts', COALESCE(MAX(id), 0) FROM verdicts")


def downgrade() -> None:
    op.execute("DELETE FROM marks WHERE name = 'alerts'")
    op.drop_index(op.f("ix_alerts_next_try_at"), table_name="alerts")
    op.drop_table("alerts")

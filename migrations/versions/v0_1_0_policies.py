"""What operators changed of a task's policy, and who and why."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.policies"
down_revision = "v0.1.0.callers"

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "policy_changes",
        sa.Column("id", SEQ, autoincrement=True, nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_policy_changes_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_changes")),
    )
    op.create_index(op.f("ix_policy_changes_task_id"), "policy_changes", ["task_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_policy_changes_task_id"), table_name="policy_changes")
    op.drop_table("policy_changes")

"""Who asked, by a keyed pseudonym, and what a student was not taught because its caller had taught enough.

Rows from before belong to the caller without a name.
"""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.callers"
down_revision = "v0.1.0"


def upgrade() -> None:
    for table in ("exchanges", "calls"):
        op.add_column(table, sa.Column("caller", sa.String(length=16), nullable=False, server_default=sa.text("('')")))
    op.create_table(
        "left_out_inputs",
        sa.Column("student_id", sa.String(length=36), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["student_id"], ["students.id"], name=op.f("fk_left_out_inputs_student_id")),
        sa.PrimaryKeyConstraint("student_id", "input_hash", name=op.f("pk_left_out_inputs")),
    )


def downgrade() -> None:
    op.drop_table("left_out_inputs")
    for table in ("calls", "exchanges"):
        op.drop_column(table, "caller")

"""What the teacher says when it is asked again, and what people say of calls drawn at random."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0.truth"
down_revision = "v0.1.0.policies"

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "probes",
        sa.Column("id", SEQ, autoincrement=True, nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.Column("again", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("unfit", sa.String(length=40), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_probes_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes")),
    )
    op.create_index(op.f("ix_probes_version_id"), "probes", ["version_id"])
    op.create_table(
        "draws",
        sa.Column("id", SEQ, autoincrement=True, nullable=False),
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.Column("seed", SEQ, nullable=False),
        sa.Column("drawn_at", sa.Float(), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("teacher", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("told_at", sa.Float(), nullable=True),
        sa.Column("told_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_draws_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draws")),
        sa.UniqueConstraint("exchange_id", name=op.f("uq_draws_exchange_id")),
    )
    op.create_index(op.f("ix_draws_version_id"), "draws", ["version_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_draws_version_id"), table_name="draws")
    op.drop_table("draws")
    op.drop_index(op.f("ix_probes_version_id"), table_name="probes")
    op.drop_table("probes")

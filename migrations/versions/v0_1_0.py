"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "v0.1.0"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "exchanges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("tenant", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.String(length=20), nullable=True),
        sa.Column("upstream", sa.String(length=80), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("decider", sa.String(length=10), nullable=False),
        sa.Column("p_llm", sa.Float(), nullable=False),
        sa.Column("first_byte_ms", sa.Float(), nullable=False),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_type", sa.Text(), nullable=False),
        sa.Column("response_encoding", sa.Text(), nullable=False),
        sa.Column("explicit_task", sa.String(length=120), nullable=True),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("input_hash", sa.String(length=40), nullable=True),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("prediction", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
        sa.UniqueConstraint("seq", name=op.f("uq_exchanges_seq")),
    )
    op.create_index(op.f("ix_exchanges_received_at"), "exchanges", ["received_at"], unique=False)
    op.create_index("ix_exchanges_version_source", "exchanges", ["version_id", "source", "seq"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Float(), nullable=True),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "segments",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("bytes_loaded", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_segments")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("tenant", "name", name=op.f("uq_tasks_tenant_name")),
    )
    op.create_table(
        "payloads",
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges.id"], name=op.f("fk_payloads_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_payloads")),
    )
    op.create_table(
        "strays",
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("explicit_task", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges.id"], name=op.f("fk_strays_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_strays")),
    )
    op.create_index(op.f("ix_strays_group_key"), "strays", ["group_key"], unique=False)
    op.create_table(
        "stray_groups",
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_stray_groups")),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=False),
        sa.Column("contract", sa.JSON(), nullable=False),
        sa.Column("skeleton", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("stage_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.String(length=36), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("audit_rate", sa.Float(), nullable=True),
        sa.Column("reply_model", sa.Text(), nullable=True),
        sa.Column("wording", sa.String(length=40), nullable=False),
        sa.Column("manners", sa.JSON(), nullable=False),
        sa.Column("schema", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("fills", sa.JSON(), nullable=False),
        sa.Column("replaced_by", sa.String(length=36), nullable=True),
        sa.Column("inherits", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_versions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
    )
    op.create_table(
        "calls",
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("decider", sa.String(length=10), nullable=False),
        sa.Column("p_llm", sa.Float(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("unfit", sa.String(length=40), nullable=True),
        sa.Column("prediction", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("envelope", sa.JSON(), nullable=False),
        sa.Column("parent", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges.id"], name=op.f("fk_calls_exchange_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_calls_version_id")),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_input", "calls", ["input_hash", "unfit", "seq"], unique=False)
    op.create_index(
        "ix_calls_labelled",
        "calls",
        ["version_id", "input_hash"],
        unique=False,
        postgresql_where=sa.text("answer IS NOT NULL"),
        sqlite_where=sa.text("answer IS NOT NULL"),
    )
    op.create_index(
        "ix_calls_version_seq", "calls", ["version_id", "seq", "eligible", "decider", "unfit"], unique=False
    )
    op.create_table(
        "corrections",
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["calls.exchange_id"], name=op.f("fk_corrections_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_corrections")),
    )
    op.create_table(
        "inputs",
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.Column("first_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_inputs_version_id")),
        sa.PrimaryKeyConstraint("version_id", "input_hash", name=op.f("pk_inputs")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Integer(), nullable=False),
        sa.Column("progress", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_jobs_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"], unique=False)
    op.create_table(
        "students",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cutoff_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.Column("recipe", sa.String(length=40), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_students_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_students")),
        sa.UniqueConstraint("version_id", "number", name=op.f("uq_students_version_id_number")),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("candidate_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("at_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ruling", sa.String(length=12), nullable=False),
        sa.Column("move", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("stage_before", sa.String(length=12), nullable=False),
        sa.Column("stage_after", sa.String(length=12), nullable=False),
        sa.Column("share_after", sa.Float(), nullable=False),
        sa.Column("champion_after", sa.String(length=36), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_verdicts_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(op.f("ix_verdicts_version_id"), "verdicts", ["version_id"], unique=False)
    op.create_table(
        "candidates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("student_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("start_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cursor_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expected_coverage", sa.Float(), nullable=False),
        sa.Column("entered_at", sa.Float(), nullable=False),
        sa.Column("retired", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["student_id"], ["students.id"], name=op.f("fk_candidates_student_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_candidates_task_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_candidates_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_candidates_task_id_number")),
    )
    op.create_table(
        "predictions",
        sa.Column("exchange_id", sa.String(length=36), nullable=False),
        sa.Column("candidate_id", sa.String(length=36), nullable=False),
        sa.Column("student_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("input_hash", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("confidences", sa.JSON(), nullable=False),
        sa.Column("joint", sa.Float(), nullable=False),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("in_slice", sa.Boolean(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("teacher", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("uniform_row", sa.Boolean(), nullable=False),
        sa.Column("distinct_row", sa.Boolean(), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=False),
        sa.Column("by_web", sa.Boolean(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_predictions_candidate_id")),
        sa.PrimaryKeyConstraint("exchange_id", "candidate_id", name=op.f("pk_predictions")),
    )
    op.create_index(
        "ix_predictions_evidence",
        "predictions",
        ["candidate_id", "seq", "uniform_row", "in_slice", "distinct_row", "agreed"],
        unique=False,
    )
    op.create_index(
        "ix_predictions_student",
        "predictions",
        ["student_id", "input_hash", "seq", "agreed", "repeated"],
        unique=False,
    )
    op.bulk_insert(
        sa.table("counters", sa.column("name"), sa.column("value")),
        [{"name": "load_seq", "value": 0}, {"name": "revision", "value": 0}],
    )


def downgrade() -> None:
    op.drop_index("ix_predictions_student", table_name="predictions")
    op.drop_index("ix_predictions_evidence", table_name="predictions")
    op.drop_table("predictions")
    op.drop_table("candidates")
    op.drop_index(op.f("ix_verdicts_version_id"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_table("students")
    op.drop_index(op.f("ix_jobs_state"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_index("ix_calls_version_seq", table_name="calls")
    op.drop_index("ix_calls_input", table_name="calls")
    op.drop_index("ix_calls_labelled", table_name="calls")
    op.drop_table("inputs")
    op.drop_table("corrections")
    op.drop_table("calls")
    op.drop_table("versions")
    op.drop_table("stray_groups")
    op.drop_index(op.f("ix_strays_group_key"), table_name="strays")
    op.drop_table("strays")
    op.drop_table("payloads")
    op.drop_table("tasks")
    op.drop_table("segments")
    op.drop_table("marks")
    op.drop_table("leases")
    op.drop_index("ix_exchanges_version_source", table_name="exchanges")
    op.drop_index(op.f("ix_exchanges_received_at"), table_name="exchanges")
    op.drop_table("exchanges")
    op.drop_table("counters")

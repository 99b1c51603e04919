"""The tables. Times are Unix seconds, ids UUIDv7 text; order and cut-offs are `seq`, the load sequence."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from shadowbert.store.types import Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(36)
CALLER = String(16)
NOBODY = text("('')")  # in parentheses SQLite gives it back as it stands here, and the comparison of schemas finds it
NAME_LENGTH = 120
SEQ = BigInteger().with_variant(Integer, "sqlite")
NO = text("(false)")

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", SEQ, nullable=False),
)

segments = Table(
    "segments",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("bytes_loaded", SEQ, nullable=False),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", ID, primary_key=True),
    Column("seq", SEQ, nullable=False, unique=True),
    Column("received_at", Float, nullable=False, index=True),
    Column("tenant", Words(80), nullable=False),
    Column("method", Words(40), nullable=False),
    Column("path", Words(), nullable=False),
    Column("endpoint", String(20)),
    Column("upstream", Words(80), nullable=False, default=""),
    Column("deployment", Words(), nullable=False, default=""),
    Column("status", Integer),
    Column("outcome", String(20), nullable=False),
    Column("source", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("decider", String(10), nullable=False),
    Column("p_llm", Float, nullable=False),
    Column("first_byte_ms", Float, nullable=False),
    Column("total_ms", Float, nullable=False),
    Column("request_bytes", SEQ, nullable=False),
    Column("response_bytes", SEQ, nullable=False),
    Column("response_type", Words(), nullable=False),
    Column("response_encoding", Words(), nullable=False),
    Column("explicit_task", Words(120)),
    Column("retry_count", Integer, nullable=False),
    Column("client", Words(), nullable=False),
    Column("version_id", ID),
    Column("input_hash", String(40)),
    Column("eligible", Boolean, nullable=False),
    Column("prediction", JSON(none_as_null=True)),
    Column("caller", CALLER, nullable=False, server_default=NOBODY),
    Index("ix_exchanges_version_source", "version_id", "source", "seq"),
)

payloads = Table(
    "payloads",
    metadata,
    Column("exchange_id", ID, ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", Words(80), nullable=False),
    Column("name", Words(NAME_LENGTH), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("former", JSON, nullable=False, default=list),
    Column("pinned", Boolean, nullable=False, default=False),
    UniqueConstraint("tenant", "name"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("task_id", ID, ForeignKey("tasks.id"), nullable=False),
    Column("teacher", Words(), nullable=False),
    Column("contract", JSON, nullable=False),
    Column("skeleton", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("stage", String(12), nullable=False),
    Column("share", Float, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("stage_seq", SEQ, nullable=False),
    Column("candidate_id", ID),
    Column("forced", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("audit_rate", Float),
    Column("reply_model", Words()),
    Column("wording", String(40), nullable=False, default=""),
    Column("manners", JSON, nullable=False, default=dict),
    Column("schema", JSON(none_as_null=True)),
    Column("confirmed", Boolean, nullable=False, default=True),
    Column("fills", JSON, nullable=False, default=dict),
    Column("replaced_by", ID),
    Column("inherits", JSON, nullable=False, default=list),
    Column("unaudited", SEQ),
    Column("frozen", Boolean, nullable=False, server_default=NO),
    Column("alarms_off", Boolean, nullable=False, server_default=NO),
)

calls = Table(
    "calls",
    metadata,
    Column("exchange_id", ID, ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", SEQ, nullable=False),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("input", Words(), nullable=False),
    Column("input_hash", String(40), nullable=False),
    Column("source", String(10), nullable=False),
    Column("decider", String(10), nullable=False),
    Column("p_llm", Float, nullable=False),
    Column("eligible", Boolean, nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("unfit", String(40)),
    Column("prediction", JSON(none_as_null=True)),
    Column("envelope", JSON, nullable=False, default=dict),
    Column("parent", ID),
    Column("caller", CALLER, nullable=False, server_default=NOBODY),
    Index("ix_calls_input", "input_hash", "unfit", "seq"),
    Index("ix_calls_version_seq", "version_id", "seq", "eligible", "decider", "unfit"),
    Index(
        "ix_calls_labelled",
        "version_id",
        "input_hash",
        postgresql_where=text("answer IS NOT NULL"),
        sqlite_where=text("answer IS NOT NULL"),
    ),
)

corrections = Table(
    "corrections",
    metadata,
    Column("exchange_id", ID, ForeignKey("calls.exchange_id", ondelete="CASCADE"), primary_key=True),
    Column("answer", JSON, nullable=False),
    Column("by", Words(), nullable=False),
    Column("why", Words(), nullable=False),
    Column("at", Float, nullable=False),
)

inputs = Table(
    "inputs",
    metadata,
    Column("version_id", ID, ForeignKey("versions.id"), primary_key=True),
    Column("input_hash", String(40), primary_key=True),
    Column("first_seq", SEQ, nullable=False),
)

strays = Table(
    "strays",
    metadata,
    Column("exchange_id", ID, ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", SEQ, nullable=False),
    Column("group_key", String(40), nullable=False, index=True),
    Column("explicit_task", Words(120)),
)

stray_groups = Table(
    "stray_groups",
    metadata,
    Column("group_key", String(40), primary_key=True),
    Column("why", String(20), nullable=False),
    Column("note", Words(), nullable=False),
    Column("looked_at", Float, nullable=False),
)

students = Table(
    "students",
    metadata,
    Column("id", ID, primary_key=True),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("cutoff_seq", SEQ, nullable=False),
    Column("artifact", Text, nullable=False),
    Column("recipe", String(40), nullable=False),
    Column("examples", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("scores", JSON, nullable=False),
    UniqueConstraint("version_id", "number"),
)

left_out_inputs = Table(
    "left_out_inputs",
    metadata,
    Column("student_id", ID, ForeignKey("students.id"), primary_key=True),
    Column("input_hash", String(40), primary_key=True),
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", ID, primary_key=True),
    Column("task_id", ID, ForeignKey("tasks.id"), nullable=False),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("student_id", ID, ForeignKey("students.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("excluded", JSON, nullable=False),
    Column("start_seq", SEQ, nullable=False),
    Column("cursor_seq", SEQ, nullable=False),
    Column("expected_coverage", Float, nullable=False),
    Column("entered_at", Float, nullable=False),
    Column("retired", Words()),
    Column("departures", JSON(none_as_null=True)),
    UniqueConstraint("task_id", "number"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("exchange_id", ID, primary_key=True),
    Column("candidate_id", ID, ForeignKey("candidates.id"), primary_key=True),
    Column("student_id", ID, nullable=False),
    Column("version_id", ID, nullable=False),
    Column("seq", SEQ, nullable=False),
    Column("input_hash", String(40), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("confidences", JSON, nullable=False),
    Column("joint", Float, nullable=False),
    Column("ms", Float, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("in_slice", Boolean, nullable=False),
    Column("agreed", Boolean),
    Column("teacher", JSON(none_as_null=True)),
    Column("uniform_row", Boolean, nullable=False),
    Column("distinct_row", Boolean, nullable=False),
    Column("served", Boolean, nullable=False),
    Column("by_web", Boolean, nullable=False),
    Column("repeated", Boolean),
    # The gate counts these at every look: an index with all that it asks for spares it the rows.
    Index("ix_predictions_evidence", "candidate_id", "seq", "uniform_row", "in_slice", "distinct_row", "agreed"),
    Index("ix_predictions_student", "student_id", "input_hash", "seq", "agreed", "repeated"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", SEQ, primary_key=True, autoincrement=True),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False, index=True),
    Column("candidate_id", ID),
    Column("at", Float, nullable=False),
    Column("at_seq", SEQ, nullable=False),
    Column("ruling", String(12), nullable=False),
    Column("move", String(10), nullable=False),
    Column("reason", Words(), nullable=False),
    Column("missing", Words(), nullable=False),
    Column("stage_before", String(12), nullable=False),
    Column("stage_after", String(12), nullable=False),
    Column("share_after", Float, nullable=False),
    Column("champion_after", ID),
    Column("epoch", Integer, nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("by", Words(), nullable=False),
    Column("why", Words(), nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("unaudited", SEQ),
    Column("frozen", Boolean, nullable=False, server_default=NO),
    Column("alarms_off", Boolean, nullable=False, server_default=NO),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("cause", Words(), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("examples", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("message", Words(), nullable=False),
    Column("waits_for", Integer, nullable=False, default=0),
    Column("progress", JSON(none_as_null=True)),
)

policy_changes = Table(
    "policy_changes",
    metadata,
    Column("id", SEQ, primary_key=True, autoincrement=True),
    Column("task_id", ID, ForeignKey("tasks.id"), nullable=False, index=True),
    Column("key", String(20), nullable=False),
    Column("value", JSON(none_as_null=True)),
    Column("by", Words(), nullable=False),
    Column("why", Words(), nullable=False),
    Column("at", Float, nullable=False),
)

probes = Table(
    "probes",
    metadata,
    Column("id", SEQ, primary_key=True, autoincrement=True),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False, index=True),
    Column("input_hash", String(40), nullable=False),
    Column("first", JSON, nullable=False),
    Column("again", JSON(none_as_null=True)),
    Column("unfit", String(40)),
    Column("by", Words(), nullable=False),
    Column("at", Float, nullable=False),
)

draws = Table(
    "draws",
    metadata,
    Column("id", SEQ, primary_key=True, autoincrement=True),
    Column("exchange_id", ID, nullable=False, unique=True),  # no foreign key: what certified outlives its call
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False, index=True),
    Column("input_hash", String(40), nullable=False),
    Column("seed", SEQ, nullable=False),
    Column("drawn_at", Float, nullable=False),
    Column("drawn_by", Words(), nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("teacher", JSON(none_as_null=True)),
    Column("told_at", Float),
    Column("told_by", Words()),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", Words(), unique=True),
    Column("kind", String(20), nullable=False),
    Column("task", Words()),
    Column("version_id", ID),
    Column("text", Words(), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("at", Float, nullable=False),
    Column("delivered_at", Float),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Float, index=True),
    Column("last_error", Words(), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", Words(80), nullable=False),
    Column("expires_at", Float, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Float),
    Column("seq", SEQ),
    Column("note", Words()),
)

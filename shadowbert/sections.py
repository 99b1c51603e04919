"""The settings' shape: frozen sections with their defaults, and what each value may be.

Refuses to read anything (`settings` does), and to know what the settings are for: bootstrap hands each part to its
machine.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shadowbert.domain.task import Policy
from shadowbert.flow.journal import Durability
from shadowbert.gating.threshold import HORIZON

_OWN_SURFACE = frozenset({"shadowbert", "healthz", "readyz", "metrics"})
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_RESERVED = frozenset({"default", "upstream", "student", "llm"})
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_PATH_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("should be an http or https URL without a query")
    if "@" in parts.netloc:
        raise ValueError("should hold no credentials: the clients' own go through")
    return value.rstrip("/")


def _webhook_url(value: str) -> str:
    """Empty means none. Slack and its like keep their secret in the path, others in the query."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc):
        raise ValueError("should be an http or https URL without a user name")
    return value


def _path_prefix(value: str) -> str:
    prefix = value.rstrip("/")
    segments = prefix.split("/")[1:]
    if not _PATH_PREFIX.fullmatch(prefix) or {".", ".."}.intersection(segments):
        raise ValueError('should look like "/azure"')
    if segments[0] in _OWN_SURFACE:
        raise ValueError(f"should not begin with /{segments[0]}: shadowbert answers there itself")
    return prefix


def _listed(value: object) -> object:
    """A list, or the same in one variable or flag: separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _device(value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise ValueError('should be "auto", "cpu", "cuda", "cuda:0" (or another number) or "mps"')
    return value


Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(ge=0)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ServerSettings(_Section):
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    processes: Annotated[int, Field(ge=1, le=256)] = 1
    keep_alive_s: Seconds = 75.0
    body_limit_mb: Annotated[int, Field(ge=1, le=1024)] = 10
    headers: bool = True


class UpstreamSettings(_Section):
    base_url: HttpUrl = "https://api.openai.com/v1"
    auth: Literal["passthrough", "none"] = "passthrough"
    connect_s: Seconds = 10.0
    read_s: Seconds = 600.0
    total_s: Annotated[float, Field(ge=0)] = 0.0

    @property
    def total_limit_s(self) -> float | None:
        return self.total_s or None


class ResponsesSettings(_Section):
    local: bool = True


class NamedUpstreamSettings(UpstreamSettings):
    """A further upstream with the calls that go there. It has no address unless it says one."""

    base_url: Annotated[str, AfterValidator(_http_url)] = ""
    path_prefix: Annotated[str, AfterValidator(_path_prefix)] = ""
    models: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.base_url:
            raise ValueError("should say its base_url")
        if not self.path_prefix and not self.models:
            raise ValueError("should say a path_prefix or models: no call would go there")
        return self


def _apart(upstreams: dict[str, NamedUpstreamSettings]) -> dict[str, NamedUpstreamSettings]:
    """Names that can be written anywhere; no prefix twice."""
    by_prefix: dict[str, str] = {}
    for name, upstream in upstreams.items():
        if name in _RESERVED or not _NAME.fullmatch(name):
            reason = "is reserved" if name in _RESERVED else "is no name: lower-case letters, digits and hyphens are"
            raise ValueError(f'"{name}" {reason}')
        if upstream.path_prefix and (other := by_prefix.setdefault(upstream.path_prefix, name)) != name:
            raise ValueError(f"{other} and {name} should not share the path_prefix {upstream.path_prefix}")
    return upstreams


class StoreSettings(_Section):
    url: Annotated[str, Field(repr=False)] = ""
    """May hold a password."""


class JournalSettings(_Section):
    segment_mb: Annotated[int, Field(ge=1, le=1024)] = 64
    durability: Durability = "process"


class StudentSettings(_Section):
    deadline_ms: Annotated[float, Field(gt=0)] = 300.0
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    encoder: Annotated[str, Field(min_length=1)] = "bundled"
    pooling: Literal["auto", "mean", "cls"] = "auto"
    max_tokens: Annotated[int, Field(ge=8, le=8192)] = 256
    device: Literal["cpu", "cuda"] = "cpu"


class TrainingSettings(_Section):
    first: Annotated[int, Field(ge=20)] = 200
    fine_tune_from: Annotated[int, Field(ge=20)] = 800
    horizon: Annotated[int, Field(ge=100)] = HORIZON
    caller_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    device: Annotated[str, AfterValidator(_device)] = "auto"
    devices: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    nice: Annotated[int, Field(ge=0, le=19)] = 10
    patience_s: Seconds = 600.0


class PolicySettings(_Section):
    target: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    audit_rate: Annotated[float, Field(ge=0.01, le=1)] = 0.05
    challenger_audit_rate: Annotated[float, Field(ge=0, le=0.25)] = 0.25
    min_rows: Annotated[int, Field(ge=1)] = 100
    min_hours: Annotated[int, Field(ge=0, le=24)] = 0
    autopilot: Literal["on", "ask"] = "on"
    gate_on: Literal["teacher", "people"] = "teacher"
    unaudited_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    max_tasks: Annotated[int, Field(ge=1)] = 100


class WatchSettings(_Section):
    mirror_max_age_s: Seconds = 30.0
    gate_max_age_s: Seconds = 600.0
    mirror_every_s: Seconds = 0.5


class WorkerSettings(_Section):
    poll_s: Seconds = 1.0
    lease_s: Seconds = 60.0


class AlertsSettings(_Section):
    webhook_url: Annotated[str, Field(repr=False), AfterValidator(_webhook_url)] = ""
    """May hold a secret in its path or query."""
    secret: Annotated[str, Field(repr=False)] = ""
    timeout_s: Seconds = 5.0
    stuck_days: Annotated[float, Field(gt=0)] = 7.0


class RetentionSettings(_Section):
    payload_days: Days = 30
    rows_days: Days = 365


class Settings(_Section):
    """`Settings()` is the defaults; `settings.load_settings` reads them."""

    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Path("shadowbert-data")
    student_mode: Literal["allowed", "refused"] = "refused"
    server: ServerSettings = ServerSettings()
    upstream: UpstreamSettings = UpstreamSettings()
    upstreams: Annotated[dict[str, NamedUpstreamSettings], AfterValidator(_apart)] = {}
    responses: ResponsesSettings = ResponsesSettings()
    store: StoreSettings = StoreSettings()
    journal: JournalSettings = JournalSettings()
    student: StudentSettings = StudentSettings()
    training: TrainingSettings = TrainingSettings()
    policy: PolicySettings = PolicySettings()
    watch: WatchSettings = WatchSettings()
    worker: WorkerSettings = WorkerSettings()
    alerts: AlertsSettings = AlertsSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server. A name other than localhost counts as reachable."""
        try:
            return ipaddress.ip_address(self.server.host).is_loopback
        except ValueError:
            return self.server.host == "localhost"

    @property
    def store_url(self) -> str:
        return self.store.url or f"sqlite:///{self.data_dir / 'shadowbert.db'}"

    @property
    def journal_dir(self) -> Path:
        return self.data_dir / "journal"

    @property
    def default_policy(self) -> Policy:
        """What a task promises until its operator says otherwise."""
        values = self.policy.model_dump() | {"autopilot": self.policy.autopilot == "on"}
        return Policy(
            **values,
            first_training=self.training.first,
            fine_tune_from=self.training.fine_tune_from,
            caller_share=self.training.caller_share,
        )

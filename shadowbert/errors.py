"""The exceptions of shadowbert, split by whose fault they are.

ShadowbertError
├── ConfigError            the operator's settings (one line, exit code 2)
├── OperatorError          an operator asked for what cannot be done now
│   ├── UnknownTask
│   ├── UnfitValue         a value that cannot be (exit code 2)
│   └── CutoverRefused
├── UpstreamError          the API behind us
│   ├── UpstreamUnreachable
│   └── UpstreamTimeout
├── StoreError             the database
│   ├── SchemaOutdated
│   └── StaleState
├── JournalError           the log on disk
├── WebhookError           the address that alerts are sent to
└── StudentError           a trained model
    ├── ArtifactInvalid
    ├── StudentBusy
    ├── InputTooLong
    └── TrainingFailed
        └── RankDied

An upstream reply with status 4xx or 5xx is not an error: it is an answer, relayed as bytes.
"""


class ShadowbertError(Exception):
    """Something in shadowbert went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class ConfigError(ShadowbertError):
    """The settings cannot be used."""


class OperatorError(ShadowbertError):
    """The operator's command cannot be carried out."""


class UnknownTask(OperatorError):
    """No task has this name."""


class UnfitValue(OperatorError):
    """There can be no such value."""


class CutoverRefused(OperatorError):
    """The gate has not passed for this task."""


class UpstreamError(ShadowbertError):
    """The upstream API did not answer."""


class UpstreamUnreachable(UpstreamError):
    """No connection to the upstream API could be made."""


class UpstreamTimeout(UpstreamError):
    """The upstream API did not answer in time."""


class StoreError(ShadowbertError):
    """The database refused."""


class SchemaOutdated(StoreError):
    """The database is at another revision than this program; run: shadowbert db upgrade."""


class StaleState(StoreError):
    """The state changed under this command; look again and repeat it."""


class JournalError(ShadowbertError):
    """The journal on disk could not be written or read."""


class WebhookError(ShadowbertError):
    """The webhook did not take the alert."""


class StudentError(ShadowbertError):
    """A student could not be used."""


class ArtifactInvalid(StudentError):
    """The student's files are missing, damaged or not what its manifest says."""


class StudentBusy(StudentError):
    """The student has too many calls waiting."""


class InputTooLong(StudentError):
    """The student would read the input in part only, and was judged on none of such a length."""


class TrainingFailed(StudentError):
    """The training process ended without a student."""


class RankDied(TrainingFailed):
    """One of several processes that train together died."""

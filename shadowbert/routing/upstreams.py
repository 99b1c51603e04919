"""Which upstream a call goes to: by the configuration's path prefixes and model patterns, never by a header.

Refuses to know how an upstream is reached and what it is asked.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

DEFAULT = ""
"""The name of the upstream that takes every call no rule claims."""


@dataclass(frozen=True, slots=True)
class UpstreamRule:
    """One named upstream and the calls it claims: those below a path prefix, those that name one of its models."""

    name: str
    path_prefix: str = ""
    """Starts with a slash, ends with none; empty where paths do not matter."""
    models: tuple[str, ...] = ()
    """Shell patterns; upper and lower case differ."""

    def below(self, path: str) -> bool:
        prefix = self.path_prefix
        return bool(prefix) and path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", "?")

    def claims(self, model: str) -> bool:
        return any(fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True, slots=True)
class UpstreamRules:
    """All named upstreams, in the order of the file.

    >>> rules = UpstreamRules((UpstreamRule("azure", "/azure"), UpstreamRule("claude", models=("claude-*",))))
    >>> rules.choose("/azure/v1/chat/completions", "claude-x"), rules.choose("/v1/chat/completions", "claude-x")
    ('azure', 'claude')
    >>> rules.choose("/azurite/v1/chat/completions", "gpt-x")
    ''
    """

    rules: tuple[UpstreamRule, ...] = ()

    def choose(self, path: str, model: str) -> str:
        """The longest prefix of the path first, then the first rule that claims the model, else the default."""
        by_path = self._by_path(path)
        if by_path is not None:
            return by_path.name
        return next((rule.name for rule in self.rules if model and rule.claims(model)), DEFAULT)

    def prefix(self, path: str) -> str:
        """What is taken off the path before it goes upstream."""
        by_path = self._by_path(path)
        return "" if by_path is None else by_path.path_prefix

    def needs_model(self, path: str) -> bool:
        """Whether the path alone does not decide."""
        return any(rule.models for rule in self.rules) and self._by_path(path) is None

    def _by_path(self, path: str) -> UpstreamRule | None:
        return max(
            (rule for rule in self.rules if rule.below(path)), key=lambda rule: len(rule.path_prefix), default=None
        )


NO_RULES = UpstreamRules()

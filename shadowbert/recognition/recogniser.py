"""Which published version a request belongs to, and what its input is. Never decides who answers."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.domain.contract import Contract
from shadowbert.domain.task import PublishedVersion, StageTable
from shadowbert.domain.template import Prompt
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import canonical_json, digest, input_hash
from shadowbert.recognition.template import input_text, match
from shadowbert.recognition.wording import wording_of
from shadowbert.wire.output_ask import OutputAsk, Statement, ToolChoice
from shadowbert.wire.request import Request

Key = tuple[str, str, str, str]
"""Tenant, teacher, contract hash (empty where it is inferred), wording."""

Asked = tuple[Contract | None, str]
"""The contract that a request states, if any, and what else it says of the answer."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A classification call. Without a version its input is unknown, and empty."""

    request: Request
    contract: Contract
    version: PublishedVersion | None
    input: str
    input_hash: str
    wording: str = ""

    @property
    def schema(self) -> Mapping[str, object]:
        """The request's own where it states one, else that of the answers seen; empty where the text is the label."""
        stated = self.request.output.schema if self.request.output is not None else {}
        return stated or (self.version.schema if self.version else None) or {}


class Recogniser:
    """Recognises calls against the versions last published; remembers the contracts of the schemas it saw."""

    def __init__(self, *, contracts: int = 4096) -> None:
        self._contracts: OrderedDict[tuple[bytes, str, str, ToolChoice | None], Asked | None] = OrderedDict()
        self._limit = contracts
        self._versions: dict[Key, list[PublishedVersion]] = {}

    def publish(self, table: StageTable) -> None:
        versions: dict[Key, list[PublishedVersion]] = {}
        for version in sorted(table.versions, key=_vagueness):
            stated = "" if version.contract.inferred else version.contract.hash
            versions.setdefault((version.tenant, version.teacher, stated, version.wording), []).append(version)
        self._versions = versions

    def recognise(self, request: Request, *, tenant: str) -> Recognised | None:
        """None: not a classification call, or one of a contract that is neither stated nor known yet."""
        asked = self._asked(request)
        if asked is None:
            return None
        contract, wording = asked
        found = _first_match(self._candidates(request, tenant, asked), request.prompt)
        if found is not None:
            version, text = found
            return Recognised(request, contract or version.contract, version, text, input_hash(text), wording)
        return None if contract is None else Recognised(request, contract, None, "", "", wording)

    def continued(self, request: Request, *, tenant: str) -> Recognised | None:
        """The call that this one goes on from: its first messages are a version's prompt, and more was said since.

        None as well where this is no continuation: ask `recognise` first.
        """
        asked, said = self._asked(request), request.prompt or request.opening
        if asked is None or said is None:
            return None
        contract, wording = asked
        for version in self._candidates(request, tenant, asked):
            length = len(version.skeleton.messages)
            if length < len(said) or (length == len(said) and request.prompt is None):
                found = _first_match([version], said[:length])
                if found is not None:
                    return Recognised(request, contract or version.contract, *found, input_hash(found[1]), wording)
        return None

    def _candidates(self, request: Request, tenant: str, asked: Asked) -> Sequence[PublishedVersion]:
        contract, wording = asked
        key: Key = (tenant, request.teacher, contract.hash if contract else "", wording)
        candidates = self._versions.get(key, ())
        name = request.explicit_task
        if name is None:
            return candidates
        named = [version for version in candidates if version.task == name]
        return named or [version for version in candidates if name in version.former] or candidates

    def _asked(self, request: Request) -> Asked | None:
        """Least recently used out; a schema that is no closed set is remembered too."""
        output = request.output
        if output is None:
            return None
        if not output.schema:
            return None, unstated(request)
        key, known = (output.schema_key, output.description, output.kind, output.tool_choice), self._contracts
        if key in known:
            known.move_to_end(key)
            return known[key]
        asked = known[key] = _read(output)
        if len(known) > self._limit:
            known.popitem(last=False)
        return asked


def unstated(request: Request) -> str:
    """Names all that a request without a schema says of its answer; empty where it states one, or asks for nothing.

    The token limit is part of it where the text is the answer: it decides which labels can be said.
    """
    output = request.output
    if output is None or output.schema:
        return ""
    limit = request.max_tokens if output.statement is Statement.TEXT else None
    said = [output.statement, output.transport, output.schema_key.hex(), limit, request.stop]
    return "u1:" + digest(canonical_json(said))


def _read(output: OutputAsk) -> Asked | None:
    """Forced, required and free calls of a tool are alike but for one thing: a teacher that is free may not call it."""
    contract = read_contract(output.schema)
    if contract is None:
        return None
    wording = wording_of(output.schema, output.description)
    if output.kind:  # JSON mode and plain text with the same schema in the prompt: not the same question
        wording = "p1:" + digest(canonical_json([wording, output.kind]))
    return contract.opened() if output.tool_choice is ToolChoice.AUTO else contract, wording


def _first_match(versions: Sequence[PublishedVersion], prompt: Prompt | None) -> tuple[PublishedVersion, str] | None:
    if prompt is None:
        return None
    for version in versions:
        slots = match(version.skeleton, prompt)
        if slots is not None:
            return version, input_text(version.skeleton, slots)
    return None


def _vagueness(version: PublishedVersion) -> tuple[int, str]:
    """Skeletons that say more come first: a bare slot matches any prompt."""
    return -sum(len(static) for message in version.skeleton.messages for static in message.statics), version.id

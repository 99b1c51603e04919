"""Which published version a request belongs to, and what its input is. Never decides who answers."""

from collections import OrderedDict
from dataclasses import dataclass

from shadowbert.domain.contract import Contract
from shadowbert.domain.task import PublishedVersion, StageTable
from shadowbert.domain.template import Prompt
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.recognition.template import input_text, match
from shadowbert.recognition.wording import wording_of
from shadowbert.wire.output_ask import OutputAsk
from shadowbert.wire.request import Request

Key = tuple[str, str, str, str]
"""Tenant, teacher, contract hash, wording."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A classification call. Without a version its input is unknown, and empty."""

    request: Request
    contract: Contract
    version: PublishedVersion | None
    input: str
    input_hash: str
    wording: str = ""


class Recogniser:
    """Recognises calls against the versions last published; remembers the contracts of the schemas it saw."""

    def __init__(self, *, contracts: int = 4096) -> None:
        self._contracts: OrderedDict[tuple[bytes, str], tuple[Contract, str] | None] = OrderedDict()
        self._limit = contracts
        self._versions: dict[Key, list[PublishedVersion]] = {}

    def publish(self, table: StageTable) -> None:
        versions: dict[Key, list[PublishedVersion]] = {}
        for version in sorted(table.versions, key=_vagueness):
            key = (version.tenant, version.teacher, version.contract.hash, version.wording)
            versions.setdefault(key, []).append(version)
        self._versions = versions

    def recognise(self, request: Request, *, tenant: str) -> Recognised | None:
        """None: not a classification call."""
        asked = self._asked(request.output) if request.output is not None else None
        if asked is None:
            return None
        contract, wording = asked
        candidates = self._versions.get((tenant, request.model, contract.hash, wording), ())
        if candidates and request.prompt is not None:
            named = [version for version in candidates if version.task == request.explicit_task]
            found = _first_match(named or candidates, request.prompt)
            if found is not None:
                version, text = found
                return Recognised(request, contract, version, text, input_hash(text), wording)
        return Recognised(request, contract, None, "", "", wording)

    def _asked(self, output: OutputAsk) -> tuple[Contract, str] | None:
        """The contract and its wording. Least recently used out; a schema that is no closed set is remembered too."""
        key, known = (output.schema_key, output.description), self._contracts
        if key in known:
            known.move_to_end(key)
            return known[key]
        contract = read_contract(output.schema)
        asked = known[key] = None if contract is None else (contract, wording_of(output.schema, output.description))
        if len(known) > self._limit:
            known.popitem(last=False)
        return asked


def _first_match(versions: list[PublishedVersion], prompt: Prompt) -> tuple[PublishedVersion, str] | None:
    for version in versions:
        slots = match(version.skeleton, prompt)
        if slots is not None:
            return version, input_text(slots)
    return None


def _vagueness(version: PublishedVersion) -> tuple[int, str]:
    """Skeletons that say more come first: a bare slot matches any prompt."""
    return -sum(len(static) for message in version.skeleton.messages for static in message.statics), version.id

"""Puts a student in charge of whatever a checker asked that can be answered locally at all.

A checker asks each thing once, which founds no task; so the versions are made from the calls themselves: the contract
that each states, or one word, or an object, and a skeleton that is nothing but slots.
"""

from collections.abc import Iterable
from dataclasses import replace

from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.exchange import Exchange
from shadowbert.domain.manner import Manner
from shadowbert.domain.student import Champion, Slice
from shadowbert.domain.task import PublishedVersion, Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.flow.form import form_of
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.inferred import LEAST, infer
from shadowbert.recognition.recogniser import unstated
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Statement
from shadowbert.wire.request import Request
from tests.clients.drivers.common import TOPICS
from tests.clients.stand import Stand

Schema = dict[str, object]


def enthrone(stand: Stand, rows: Iterable[Exchange]) -> int:
    """The number of versions that a student answers now."""
    versions: dict[str, PublishedVersion] = {}
    for version in filter(None, map(_version, rows)):
        manners = versions[version.id].manners if version.id in versions else {}
        versions[version.id] = replace(version, manners={**manners, **version.manners})
        stand.student.contracts[version.id] = version.contract
    stand.house.stages.show(*versions.values())
    return len(versions)


def _version(row: Exchange) -> PublishedVersion | None:
    if row.endpoint is None or row.request_body is None:
        return None
    request = read_request(row.endpoint, row.request_body)
    if request is None or request.prompt is None or request.output is None:
        return None
    found = _answer(request)
    if found is None:
        return None
    contract, schema = found
    roles = tuple(message.role for message in request.prompt)
    wording = unstated(request)
    name = f"{request.model} {roles} {contract.hash} {wording}"
    return PublishedVersion(
        id=name,
        task="checked",
        tenant=row.tenant,
        teacher=request.model,
        contract=contract,
        skeleton=Skeleton(tuple(SkeletonMessage(role, ("", "")) for role in roles)),
        stage=Stage.LIVE,
        share=1.0,
        audit_rate=0.0,
        champion=Champion(name, name, "memory", Slice(0.5)),
        reply_model=request.model,
        wording=wording,
        schema=schema,
        manners={form_of(request, contract, answer): Manner() for answer in _answers(contract)},
    )


def _answers(contract: Contract) -> list[Answer]:
    """Those that may be written in ways of their own: each label where it is the whole text, else any one answer."""
    labels = range(len(contract.fields[0].labels)) if contract.bare else [0]
    return [(label,) * len(contract.fields) for label in labels]


def _answer(request: Request) -> tuple[Contract, Schema | None] | None:
    """The contract of its answers, and their schema where the request states none and they are objects."""
    assert request.output is not None
    if request.output.schema:
        stated = read_contract(request.output.schema)
        return None if stated is None else (stated, None)
    json = request.output.statement is Statement.JSON
    texts = [f'{{"topic":"{topic}"}}' if json else topic for topic in TOPICS]
    found = infer(texts * LEAST)
    return None if found is None else (found.contract, found.schema)

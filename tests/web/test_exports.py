"""A student is taken away by HTTP: the archive is the folder, and refusals are sentences."""

import http.client
import io
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from shadowbert.bert.serving.takeaway import contents
from shadowbert.testing.cards import a_card
from shadowbert.testing.lineage import Lineage
from tests.bert.conftest import published, tiny_encoder
from tests.web.surface import Surface

__all__ = ["published", "tiny_encoder"]


@pytest.fixture
def student(line: Lineage, published: Path) -> Path:
    line.student(artifact=str(published))
    return published


def fetched(surface: Surface, path: str) -> tuple[http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(surface.host, timeout=10)
    try:
        connection.request("GET", path, headers=surface.bearer)
        reply = connection.getresponse()
        assert reply.status == 200
        return reply.headers, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("query", ["", "?student=1"])
def test_the_archive_is_the_folder(query: str, surface: Surface, student: Path, tmp_path: Path) -> None:
    headers, content = fetched(surface, f"/shadowbert/api/exports/bank{query}")
    assert headers["content-disposition"] == "attachment; filename*=utf-8''bank-student-1.zip"
    assert int(headers["content-length"]) == len(content)
    with ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(contents(student))
        archive.extractall(tmp_path / "away")
    command = [sys.executable, str(tmp_path / "away" / "student.py"), "my card"]
    assert "topic" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_refusals_are_sentences(surface: Surface, line: Lineage) -> None:
    def asked(path: str) -> tuple[int, str]:
        reply = surface.call("GET", f"/shadowbert/api/exports/{path}", surface.bearer)
        return reply.status, reply.detail

    assert asked("bnak") == (404, "no task is called 'bnak'; known tasks: bank")
    assert asked("bank") == (409, "task bank has no student yet: `shadowbert status` says what is missing")
    line.student(artifact="gone")
    assert asked("bank?student=7") == (409, "task bank has no student 7; there are 1")
    assert asked("bank") == (409, "gone: there is no such student folder")


def test_a_stranger_gets_none(surface: Surface, student: Path) -> None:
    assert surface.call("GET", "/shadowbert/api/exports/bank").status == 401


def test_the_page_leads_there(surface: Surface, student: Path, line: Lineage) -> None:
    surface.cards[str(student)] = a_card()
    page = surface.call("GET", "/shadowbert/task?name=bank", surface.session).text
    assert f'href="/shadowbert/api/exports/bank?student=1&amp;version={line.version_id}"' in page

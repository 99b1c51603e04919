"""A student to take away through the admin API: the folder that `shadowbert export` writes, as one archive.

Reads artifacts and the store; changes nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import quote
from zipfile import ZIP_STORED, ZipFile

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from shadowbert.bert.serving.takeaway import contents
from shadowbert.flow.takeaway import folder_name
from shadowbert.web.desk import Desk

AT_ONCE = 1 << 18


def add_exports(router: APIRouter, desk: Desk) -> None:
    @router.get("/exports/{task:path}")
    def export(task: str, student: int | None = None, version: str = "") -> StreamingResponse:
        own, chosen = desk.operations().takeaway.chosen(task, version=version, number=student)
        archive = _archive(desk.home / chosen.artifact)
        name = f"{folder_name(own, chosen)}.zip"
        headers = {
            "content-disposition": f"attachment; filename*=utf-8''{quote(name)}",
            "content-length": str(archive.seek(0, 2)),
        }
        return StreamingResponse(_chunks(archive), media_type="application/zip", headers=headers)


def _archive(folder: Path) -> IO[bytes]:
    """Not compressed: weights are noise to a compressor. Raises ArtifactInvalid."""
    with ExitStack() as opened:
        file = opened.enter_context(TemporaryFile())
        with ZipFile(file, "w", ZIP_STORED) as archive:
            for name, content in contents(folder):
                archive.writestr(name, content)
        opened.pop_all()  # whoever sends it closes it
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(AT_ONCE):
            yield chunk

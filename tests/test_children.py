from pathlib import Path

from shadowbert.children import Child, Children, ChildState, read_children, write_children


def a_child(**changes: object) -> Child:
    values = {"name": "web-0", "state": ChildState.RUNNING, "pid": 7, "restarts": 0, "exit_code": None, "since": 1.5}
    return Child(**(values | changes))  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    for children in (
        Children(42, (a_child(), a_child(name="loader", state=ChildState.BACKOFF, pid=None, exit_code=-9))),
        Children(43, ()),
    ):
        write_children(path, children)
        assert read_children(path) == children
    assert [file.name for file in tmp_path.iterdir()] == ["children.json"]


def test_no_file_is_no_supervisor(tmp_path: Path) -> None:
    assert read_children(tmp_path / "children.json") is None


def test_all_running_means_every_one() -> None:
    assert Children(1, (a_child(), a_child())).all_running
    assert not Children(1, (a_child(), a_child(state=ChildState.BACKOFF))).all_running

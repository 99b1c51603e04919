"""A supervisor over stub children: `python -m tests.stub_serve DIRECTORY GRACE KIND...`, KIND = plan or plan*count."""

import logging
import sys
from contextlib import ExitStack
from pathlib import Path

from shadowbert.errors import ConfigError
from shadowbert.supervisor import Backoff, ChildSpec, Supervisor, listen, single_instance


def spec(directory: str, kind: str, grace_s: float) -> ChildSpec:
    plan, _, count = kind.partition("*")
    name, _, plan = plan.rpartition("=")
    argv: tuple[str, ...] = (sys.executable, "-m", "tests.stub_child", plan, directory, "--name", name or plan)
    if plan == "absent":
        argv = ("/no/such/program",)
    return ChildSpec(name or plan, argv, count=int(count or 1), listens=plan == "answering", grace_s=grace_s)


def main(directory: str, grace: str, *kinds: str) -> int:
    logging.basicConfig(level=logging.WARNING)
    data_dir = Path(directory)
    with ExitStack() as stack:
        try:
            stack.enter_context(single_instance(data_dir))
            listener = stack.enter_context(listen("127.0.0.1", 0))
        except ConfigError as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        (data_dir / "port").write_text(str(listener.getsockname()[1]))
        supervisor = Supervisor(
            [spec(directory, kind, float(grace)) for kind in kinds],
            state_file=data_dir / "children.json",
            listener=listener,
            backoff=Backoff(first_s=0.02, most_s=0.1),
        )
        return supervisor.run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Run as a process by test_imports: imports modules, then imports ours again under watch, and reports as JSON.

The first round pays for other people's packages, which read files of their own; the second runs our modules alone.
"""

import importlib
import json
import sys

HEAVY = ("torch", "transformers", "sklearn", "scipy", "onnx", "ray")
CODE = (".py", ".pyc", ".so")
# The audit events of what a module must not do while it is imported.
ACTS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.fork", "os.mkdir")


def load(names: list[str]) -> None:
    for name in names:
        importlib.import_module(name)


def watched(names: list[str]) -> list[str]:
    seen: list[str] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event in ACTS or (
            event == "open" and not str(args[0]).endswith(CODE) and "/__pycache__/" not in str(args[0])
        ):
            seen.append(f"{event} {args[:1]}")

    for name in [name for name in sys.modules if name.partition(".")[0] == "shadowbert"]:
        del sys.modules[name]
    sys.addaudithook(watch)
    load(names)
    return list(seen)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    load(wanted)
    heavy = [name for name in HEAVY if name in sys.modules]
    sys.stdout.write(json.dumps({"heavy": heavy, "acts": watched(wanted)}))

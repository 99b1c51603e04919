"""BAML's generated client: labels in prose, no schema on the wire, the text in its own message or in the only one."""

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from common import MODEL, SYSTEM, Cell, run

SOURCE = """
generator python {
  output_type "python/pydantic"
  output_dir ".."
  default_client_mode sync
  version "%(version)s"
}
client<llm> Proxy {
  provider openai-generic
  options {
    model "%(model)s"
    base_url "%(root)s/v1"
    api_key "%(key)s"
  }
}
class Mail {
  topic "billing" | "delivery" | "login"
  urgent bool
}
enum Topic {
  Billing @alias("billing")
  Delivery @alias("delivery")
  Login @alias("login")
}
function SortMail(mail: string) -> Mail {
  client Proxy
  prompt #"
    {{ _.role("system") }} %(system)s
    {{ ctx.output_format }}
    {{ _.role("user") }} {{ mail }}
  "#
}
function SortInOneMessage(mail: string) -> Mail {
  client Proxy
  prompt #"
    %(system)s
    The mail: {{ mail }}
    {{ ctx.output_format }}
  "#
}
function SortByTopic(mail: string) -> Topic {
  client Proxy
  prompt #"
    {{ _.role("system") }} What is the topic of this mail?
    {{ ctx.output_format }}
    {{ _.role("user") }} {{ mail }}
  "#
}
"""


def generated(root: str, key: str) -> Any:
    """The client that BAML makes of the source above."""
    folder = Path(tempfile.mkdtemp())
    source = folder / "baml_src" / "main.baml"
    source.parent.mkdir()
    told = {"version": version("baml-py"), "model": MODEL, "root": root, "key": key, "system": SYSTEM}
    source.write_text(SOURCE % told)
    command = [str(Path(sys.executable).parent / "baml-cli"), "generate", "--from", str(source.parent)]
    subprocess.run(command, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    return importlib.import_module("baml_client").b


def cells(root: str, key: str) -> Mapping[str, Cell]:
    client = generated(root, key)

    def streamed(text: str) -> Any:
        return client.stream.SortMail(text).get_final_response()

    return {
        "class": client.SortMail,
        "class, one message": client.SortInOneMessage,
        "class streamed": streamed,
        "enum": lambda text: client.SortByTopic(text).value.lower(),
        "enum streamed": lambda text: client.stream.SortByTopic(text).get_final_response().value.lower(),
    }


if __name__ == "__main__":
    run(cells)

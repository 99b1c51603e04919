"""`shadowbert serve` and `shadowbert work`: the process tree, or the worker alone."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from shadowbert.admin_token import ensure_admin_token
from shadowbert.bootstrap.arguments import as_arguments
from shadowbert.bootstrap.storage import prepare_store
from shadowbert.children import FILE_NAME
from shadowbert.cli.context import ConfigOption, DataDirOption, SetOption, failures, gather
from shadowbert.cli.output import say
from shadowbert.errors import ConfigError
from shadowbert.lifeline import follow
from shadowbert.sections import Settings
from shadowbert.supervisor import ChildSpec, Supervisor, listen, orphans, serve_specs, single_instance

ORPHANS_S = 30.0
"""How long the port of a killed supervisor is waited for: orphans that are just starting notice only then."""

LIFELINE_GRACE_S = 60.0
"""For the tree to stop in order when the parent is gone."""


def serve(
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default=False)] = None,
    upstream: Annotated[
        str | None, typer.Option(help="The API behind us, for example https://api.openai.com/v1.")
    ] = None,
    processes: Annotated[int | None, typer.Option(help="Web processes.", show_default=False)] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only answer and log; a worker runs elsewhere.")
    ] = False,
    lifeline: Annotated[
        int | None, typer.Option(hidden=True, help="A pipe of the parent's; stop when it closes.")
    ] = None,
) -> None:
    """Start the proxy, the loader and the worker."""
    with failures():
        named = {
            "data_dir": data_dir,
            "server.host": host,
            "server.port": port,
            "upstream.base_url": upstream,
            "server.processes": processes,
        }
        settings, flags = gather(config, pairs, named)
        if lifeline is not None:
            follow(lifeline, grace_s=LIFELINE_GRACE_S)
        raise typer.Exit(_run(settings, as_arguments(config, flags), worker=not no_worker))


def work(config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None) -> None:
    """Run the worker alone, for a store that other hosts serve from."""
    with failures():
        settings, flags = gather(config, pairs, {"data_dir": data_dir})
        prepare_store(settings)
        arguments = as_arguments(config, flags)
        specs = [spec for spec in serve_specs(arguments, processes=1) if spec.name == "worker"]
        _log_to_stderr()
        raise typer.Exit(Supervisor(specs, state_file=settings.data_dir / "work.json").run())


def _run(settings: Settings, arguments: list[str], *, worker: bool) -> int:
    """Everything that can be refused is refused before a child starts."""
    with single_instance(settings.data_dir):
        _refuse_exposure(settings)
        patience = ORPHANS_S if orphans(settings.data_dir / FILE_NAME) else 0.0
        listener = listen(settings.server.host, settings.server.port, patience_s=patience)
        prepare_store(settings)
        token = ensure_admin_token(settings.data_dir)
        specs: tuple[ChildSpec, ...] = serve_specs(arguments, processes=settings.server.processes, worker=worker)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        say(f"shadowbert listens on http://{shown}:{port}/v1 in front of {settings.upstream.base_url}")
        for name, other in settings.upstreams.items():
            calls = ", ".join([*filter(None, [other.path_prefix]), *other.models])
            say(f"and of {other.base_url} ({name}) for {calls}")
        say(f"dashboard: http://{shown}:{port}/shadowbert/ (the admin token is in {token})")
        _log_to_stderr()
        with listener:
            return Supervisor(specs, state_file=settings.data_dir / FILE_NAME, listener=listener).run()


def _refuse_exposure(settings: Settings) -> None:
    """Beyond loopback the dashboard has its token before the first connection: made by an operator who knows."""
    if not settings.loopback and not (Path(settings.data_dir) / "admin-token").exists():
        raise ConfigError(
            f"server.host {settings.server.host} can be reached from other machines, and there is no admin token in "
            f"{settings.data_dir}; make one first: shadowbert doctor --make-token"
        )


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

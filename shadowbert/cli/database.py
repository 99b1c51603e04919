"""`shadowbert db upgrade`: bring the database to this program's revision."""

import typer

from shadowbert.bootstrap.storage import upgrade_store
from shadowbert.cli.context import ConfigOption, DataDirOption, JsonOption, SetOption, failures, gather
from shadowbert.cli.output import emit, say

db = typer.Typer(help="The database.", no_args_is_help=True)


@db.command()
def upgrade(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """Apply the migrations that are missing; safe to repeat."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        revision = upgrade_store(settings)
    if as_json:
        emit({"revision": revision})
    else:
        say(f"the database is at revision {revision}")

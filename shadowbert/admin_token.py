"""The admin token: made once at the first start, in a file that only its owner can read.

Its value is returned to nobody but the caller that checks it, and stands in no message.
"""

import os
import secrets
from pathlib import Path
from tempfile import mkstemp

from shadowbert.errors import ConfigError

FILE_NAME = "admin-token"


def ensure_admin_token(data_dir: Path) -> Path:
    """The token's file, made where there is none. Safe when several processes start at once; raises ConfigError."""
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _publish(path, secrets.token_urlsafe(32))
    except OSError as exc:
        raise ConfigError(f"{path}: the admin token cannot be made: {exc.strerror}") from None
    read_admin_token(path)
    return path


def read_admin_token(path: Path) -> str:
    """Raises ConfigError when the file is missing or empty, or when others can read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: others can read the admin token; run: chmod 600 {path}")
        token = path.read_text("ascii").strip()
    except OSError as exc:
        raise ConfigError(f"{path}: the admin token cannot be read: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the admin token is not plain text") from None
    if not token:
        raise ConfigError(f"{path}: the admin token is empty; delete the file to get a new one")
    return token


def _publish(path: Path, token: str) -> None:
    """A link appears whole or not at all, so no reader meets a file without its token, and the first one wins."""
    handle, draft = mkstemp(prefix=f".{path.name}-", dir=path.parent)  # O_EXCL, 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()

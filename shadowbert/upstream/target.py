"""Where a client's path lands upstream. Paths and queries are bytes that pass as they are, never decoded."""

_AZURE_ROOTS = (b"/openai/v1", b"/openai")
_ROOT = b"/v1"
_SERVER = b"*"
"""The whole server, as in OPTIONS * (RFC 9112, section 3.2.4)."""


def map_target(base_path: bytes, target: bytes) -> bytes:
    """The upstream's target for a client's: the version root that both share appears once.

    A base without a path is another server's root: the client's whole target follows it.

    >>> map_target(b"/v1", b"/v1/chat/completions?x=%2F")
    b'/v1/chat/completions?x=%2F'
    >>> map_target(b"/api/v1", b"/models")
    b'/api/v1/models'
    >>> map_target(b"", b"/openai/deployments/d/chat/completions?api-version=1")
    b'/openai/deployments/d/chat/completions?api-version=1'
    """
    if not base_path or target == _SERVER:
        return target
    for root in _AZURE_ROOTS:
        if base_path.endswith(root) and _under(target, root):
            return base_path + target[len(root) :]
    return base_path + (target[len(_ROOT) :] if _under(target, _ROOT) else target)


def _under(target: bytes, root: bytes) -> bool:
    return target.startswith(root) and target[len(root) : len(root) + 1] in (b"", b"/", b"?")

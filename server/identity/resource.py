"""The one scope, and how a resource indicator (RFC 8707) is compared with a canonical URL."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

SCOPE = "mcp:tools"


def same_resource(given: str, canonical: str) -> bool:
    """Equal but for one trailing slash and the case of scheme and host: clients are known to change both."""
    return _normal(given) == _normal(canonical)


def _normal(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = parts.path.removesuffix("/")
    return urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=path))

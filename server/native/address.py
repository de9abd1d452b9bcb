"""How a client reaches a native door: libpq's environment and a DSN, without any secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from server.config import Config

ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})


def environment(config: Config, resource: str, user: str) -> dict[str, str]:
    """libpq's variables. Raises LookupError, in words for people, where there is no such door or resource."""
    door = config.listeners.postgres
    if door is None:
        raise LookupError("no native door for PostgreSQL is configured (listeners.postgres)")
    found = config.resources.get(resource)
    if found is None or found.kind != "postgres":
        raise LookupError(f"there is no PostgreSQL resource {resource!r} in the configuration")
    public = urlsplit(config.server.public_url).hostname or "127.0.0.1"
    return {
        "PGHOST": public if door.host in ANY_ADDRESS else door.host,
        "PGPORT": str(door.port),
        "PGUSER": user,
        "PGDATABASE": resource,
        "PGSSLMODE": "verify-full" if door.tls_certificate else "disable",
        "PGCLIENTENCODING": "UTF8",
    }


def dsn(variables: Mapping[str, str]) -> str:
    """A connection URL; drivers take the password from PGPASSWORD."""
    host, user = variables["PGHOST"], quote(variables["PGUSER"], safe="~")
    host = f"[{host}]" if ":" in host else host
    return (
        f"postgresql://{user}@{host}:{variables['PGPORT']}/{variables['PGDATABASE']}?sslmode={variables['PGSSLMODE']}"
    )


def user_of(token: str) -> str:
    """Whose token it is, "" if it does not say. Only for filling in a user name: the door verifies the token."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims.get("sub", ""))
    except (IndexError, ValueError, AttributeError):
        return ""

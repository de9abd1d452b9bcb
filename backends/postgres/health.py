"""What `warded doctor` says of one login: reachable, who, how protected; of the scanner, rights it does not need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from backends.base import Health
from backends.errors import UpstreamError
from backends.postgres.address import Address
from backends.postgres.connection import Connection
from backends.postgres.lookup import ask
from catalog.model import Login

RIGHTS = """
SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relowner = r.oid
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),
  (SELECT pg_catalog.string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_catalog.pg_roles g
   WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
     AND NOT r.rolsuper AND pg_catalog.pg_has_role(g.oid, 'MEMBER'))
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"""


async def check_login(
    address: Address, login: Login, connect: Callable[[], Awaitable[Connection]], *, scanner: bool
) -> list[Health]:
    """Health lines of `login`. Never raises: what goes wrong is a line."""
    name = f"login {login.user}"
    try:
        connection = await connect()
    except UpstreamError as error:
        return [Health(name, ok=False, detail=error.safe, remedy=error.remedy)]
    try:
        (rights,) = await ask(connection, RIGHTS)
        version = connection.parameters.get("server_version", "?")
        lines = [Health(name, ok=True, detail=f"connected to {address}, PostgreSQL {version}"), _tls(address)]
        return [*lines, *_rights(login, rights)] if scanner else lines
    except UpstreamError as error:
        return [Health(name, ok=False, detail=error.safe, remedy=error.remedy)]
    finally:
        connection.close()


def _tls(address: Address) -> Health:
    if address.verified:
        return Health("TLS", ok=True, detail="encrypted, certificate verified")
    if address.local and not address.encrypted:
        return Health("TLS", ok=True, detail="not encrypted, but the bytes stay on this machine")
    detail = "encrypted, but the server's certificate is not verified" if address.encrypted else "not encrypted"
    return Health("TLS", ok=False, detail=detail, remedy="Set sslmode=verify-full in the address.")


def _rights(login: Login, rights: list[str | None]) -> list[Health]:
    """The scanner's: it serves nobody's calls, so it needs to read and nothing else. Of other logins see rights.py."""
    name = f"rights of {login.user}"
    superuser, bypass, creates, owned, written, server = rights
    lines = []
    if superuser == "t":
        return [Health(name, ok=False, detail="superuser: every rule of the server is off", remedy=_remedy(login))]
    if bypass == "t":
        lines.append(Health(name, ok=False, detail="bypasses row security", remedy="ALTER ROLE … NOBYPASSRLS."))
    if creates == "t":
        lines.append(Health(name, ok=False, detail="may create roles", remedy="ALTER ROLE … NOCREATEROLE."))
    if server:
        lines.append(Health(name, ok=False, detail=f"member of {server}", remedy=f"REVOKE {server} FROM this role."))
    if owned != "0":
        detail = f"owns {owned} tables, so it can drop them and change who may read them"
        lines.append(Health(name, ok=False, detail=detail, remedy=_remedy(login)))
    if written != "0":
        detail = f"the scanner can change {written} tables, and only reads"
        lines.append(Health(name, ok=False, detail=detail, remedy="Grant it SELECT only."))
    return lines or [Health(name, ok=True, detail="reads only")]


def _remedy(login: Login) -> str:
    return f"Use a role that owns nothing and has only the rights that {login.user!r} needs."

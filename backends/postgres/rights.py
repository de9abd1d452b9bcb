"""What one login may do at the database, each right with what a policy would have to allow for it to be of use.

`warded doctor` holds them against the policy: a right that no rule ever lets anybody use is one that only an intruder
would miss. Source: PostgreSQL manual, "Privileges", "Role Attributes", "Predefined Roles".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backends.base import Need, Right
from backends.postgres.connection import Connection
from backends.postgres.functions import DANGEROUS
from backends.postgres.lookup import array, ask
from policy.effects import Effect
from policy.model import Action

ROLE = """
SELECT pg_catalog.quote_ident(r.rolname), r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls, r.rolreplication,
  pg_catalog.current_setting('default_transaction_read_only')
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"""

MEMBER = """
SELECT g.rolname FROM pg_catalog.pg_roles g
WHERE g.rolname = ANY ($1::pg_catalog.text[]) AND pg_catalog.pg_has_role(g.oid, 'MEMBER') ORDER BY 1"""

_HOLDS = "(a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))"
_GRANTEE = """CASE a.grantee WHEN 0 THEN 'PUBLIC'
  ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"""
_USER_SCHEMA = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(temp|toast)'"

TABLES = f"""
SELECT a.privilege_type, {_GRANTEE}, pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
  LATERAL pg_catalog.aclexplode(c.relacl) a
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND {_USER_SCHEMA} AND {_HOLDS} AND a.grantee <> c.relowner
  AND a.privilege_type = ANY ($1::pg_catalog.text[]) ORDER BY 1, 2, 3, 4"""

OWNED = f"""
SELECT pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_USER_SCHEMA} AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY 1, 2"""

PLACES = f"""
SELECT 'SCHEMA', pg_catalog.quote_ident(n.nspname), {_GRANTEE}
FROM pg_catalog.pg_namespace n,
  LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
WHERE {_USER_SCHEMA} AND a.privilege_type = 'CREATE' AND {_HOLDS}
UNION ALL
SELECT 'DATABASE', pg_catalog.quote_ident(d.datname), {_GRANTEE}
FROM pg_catalog.pg_database d,
  LATERAL pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
WHERE d.datname = pg_catalog.current_database() AND a.privilege_type = 'CREATE' AND {_HOLDS}"""

FUNCTIONS = f"""
SELECT p.proname, p.oid::pg_catalog.regprocedure::text, {_GRANTEE}
FROM pg_catalog.pg_proc p,
  LATERAL pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
WHERE p.proname = ANY ($1::pg_catalog.text[]) AND a.privilege_type = 'EXECUTE' AND {_HOLDS}
  AND (p.oid >= 16384 OR a.grantee <> 0) ORDER BY 2"""
"""Of the core's own functions only those that somebody was given: what all have by default cannot do much."""

_TABLE_NEEDS: Mapping[str, tuple[Need, ...]] = {
    "INSERT": ((Action.WRITE, Effect.INSERT),),
    "UPDATE": ((Action.WRITE, Effect.SCOPED_UPDATE),),
    "DELETE": ((Action.WRITE, Effect.SCOPED_DELETE),),
    "TRUNCATE": ((Action.WRITE, Effect.TRUNCATE),),
    "TRIGGER": ((Action.DEFINE, Effect.CREATE_TRIGGER),),
    "REFERENCES": ((Action.DEFINE, Effect.CREATE_CONSTRAINT),),
}
_ROLE_NEEDS: Mapping[str, tuple[Need, ...]] = {
    "pg_read_server_files": ((Action.TRANSFER, Effect.SERVER_FILE),),
    "pg_write_server_files": ((Action.TRANSFER, Effect.SERVER_FILE),),
    "pg_execute_server_program": ((Action.RUN, Effect.SERVER_PROGRAM),),
    "pg_write_all_data": ((Action.WRITE, Effect.INSERT), (Action.WRITE, Effect.SCOPED_UPDATE)),
    "pg_signal_backend": ((Action.ADMINISTER, Effect.MAINTENANCE),),
    "pg_maintain": ((Action.DEFINE, Effect.MAINTENANCE), (Action.ADMINISTER, Effect.MAINTENANCE)),
    "pg_checkpoint": ((Action.ADMINISTER, Effect.MAINTENANCE),),
    "pg_create_subscription": ((Action.ADMINISTER, Effect.FOREIGN_SERVER),),
    "pg_read_all_settings": ((Action.READ, Effect.CATALOG_SECRETS),),
    "pg_monitor": ((Action.READ, Effect.CATALOG_SECRETS),),
}
_WRITES: tuple[Need, ...] = (
    (Action.WRITE, Effect.INSERT),
    (Action.WRITE, Effect.SCOPED_UPDATE),
    (Action.WRITE, Effect.SCOPED_DELETE),
    (Action.DEFINE, Effect.CREATE),
    (Action.DEFINE, Effect.ALTER),
)
_RISKS = frozenset({Effect.SERVER_FILE, Effect.SERVER_PROGRAM, Effect.FOREIGN_SERVER})
_NAMED = 3  # tables that a statement lists; of more, all of the schema are meant


async def read_rights(connection: Connection) -> list[Right]:
    """Every right beyond reading tables. Raises UpstreamError."""
    ((role, superuser, *attributes),) = await ask(connection, ROLE)
    name = role or ""
    if superuser == "t":
        return [Right("superuser: every rule of the server is off", (), f"ALTER ROLE {name} NOSUPERUSER")]
    found = list(_attributes(name, attributes))
    for (group,) in await ask(connection, MEMBER, [array(list(_ROLE_NEEDS))]):
        needs = _ROLE_NEEDS[group or ""]
        found.append(Right(f"member of {group}", needs, f"REVOKE {group} FROM {name}"))
    found += await _on_tables(connection)
    found += await _owned(connection, name)
    for kind, place, grantee in await ask(connection, PLACES):
        needs = (Action.DEFINE, Effect.CREATE), (Action.DEFINE, Effect.CREATE_TABLE)
        remedy = f"REVOKE CREATE ON {kind} {place} FROM {grantee}"
        found.append(Right(f"may create objects in {(kind or '').lower()} {place}", needs, remedy))
    return found + await _functions(connection)


def _attributes(role: str, attributes: list[str | None]) -> Iterator[Right]:
    creates_roles, creates_databases, bypasses, replicates, read_only = attributes
    if creates_roles == "t":
        yield Right("may create roles", ((Action.ADMINISTER, Effect.ROLE_CHANGE),), f"ALTER ROLE {role} NOCREATEROLE")
    if creates_databases == "t":
        yield Right(
            "may create databases", ((Action.ADMINISTER, Effect.CREATE_DATABASE),), f"ALTER ROLE {role} NOCREATEDB"
        )
    if bypasses == "t":
        yield Right("bypasses row security", (), f"ALTER ROLE {role} NOBYPASSRLS")
    if replicates == "t":
        yield Right("may replicate: it can copy the whole cluster", (), f"ALTER ROLE {role} NOREPLICATION")
    if read_only != "on":
        remedy = f"ALTER ROLE {role} SET default_transaction_read_only = on"
        yield Right("its sessions may write unless they say otherwise", _WRITES, remedy)


async def _on_tables(connection: Connection) -> list[Right]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for privilege, grantee, schema, table in await ask(connection, TABLES, [array(list(_TABLE_NEEDS))]):
        grouped.setdefault((privilege or "", grantee or "", schema or ""), []).append(f"{schema}.{table}")
    found = []
    for (privilege, grantee, schema), tables in grouped.items():
        few = len(tables) <= _NAMED
        where = ", ".join(tables) if few else f"ALL TABLES IN SCHEMA {schema}"
        told = where if few else f"{len(tables)} tables of {schema}"
        remedy = f"REVOKE {privilege} ON {where} FROM {grantee}"
        found.append(Right(f"{privilege} on {told}", _TABLE_NEEDS[privilege], remedy))
    return found


async def _owned(connection: Connection, role: str) -> list[Right]:
    tables = [f"{schema}.{table}" for schema, table in await ask(connection, OWNED)]
    if not tables:
        return []
    needs = (Action.DEFINE, Effect.ALTER), (Action.DEFINE, Effect.DROP)
    told = f"owns {len(tables)} table{'s' * (len(tables) != 1)} ({', '.join(tables[:_NAMED])})"
    return [Right(told, needs, f"REASSIGN OWNED BY {role} TO another_role")]


async def _functions(connection: Connection) -> list[Right]:
    risky = [name for name, verdict in DANGEROUS.items() if verdict.effects & _RISKS]
    grouped: dict[tuple[Effect, str], list[str]] = {}
    for name, signature, grantee in await ask(connection, FUNCTIONS, [array(risky)]):
        effect = min(DANGEROUS[name or ""].effects & _RISKS)
        grouped.setdefault((effect, grantee or ""), []).append(signature or "")
    found = []
    for (effect, grantee), signatures in grouped.items():
        needs = tuple((action, effect) for action in (Action.READ, Action.WRITE, Action.RUN, Action.TRANSFER))
        remedy = f"REVOKE EXECUTE ON FUNCTION {', '.join(signatures)} FROM {grantee}"
        found.append(Right(f"may call {', '.join(signatures[:_NAMED])}", needs, remedy))
    return found

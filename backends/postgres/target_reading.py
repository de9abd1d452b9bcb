"""Reads a Target from the database's own catalogs, through a connection of the login that it is for.

Code of users is what has an OID from 16384 on (FirstNormalObjectId, access/transam.h); all below was made by initdb.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType

from backends.postgres.connection import Connection
from backends.postgres.lineage import trace_views
from backends.postgres.lookup import ask
from backends.postgres.names import Name
from backends.postgres.origins import Origins
from backends.postgres.target import Body, Relation, Reviewed, Routine, Target
from backends.postgres.wire import Row
from catalog.model import Locator

STATE = """
SELECT pg_catalog.to_json(pg_catalog.current_schemas(true))::pg_catalog.text, pg_catalog.concat_ws(' ',
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(c.xmin::text::int8))
   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_(temp|toast)'),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(a.xmin::text::int8))
   FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_(temp|toast)'),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(p.xmin::text::int8)) FROM pg_catalog.pg_proc p),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(n.xmin::text::int8))
   FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(temp|toast)'),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(o.xmin::text::int8))
   FROM pg_catalog.pg_operator o),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(t.xmin::text::int8)) FROM pg_catalog.pg_cast t),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(k.xmin::text::int8))
   FROM pg_catalog.pg_constraint k),
  (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(r.xmin::text::int8))
   FROM pg_catalog.pg_rewrite r))"""
"""The search_path in effect, and a word that changes with every definition: a transaction that changes one leaves its
number in the row."""

CORE = """
SELECT p.proname, pg_catalog.bool_and(p.provolatile IN ('i', 's')
  AND NOT 'internal'::pg_catalog.regtype = ANY (p.proargtypes)
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
  AND p.proname !~
    '^(binary_upgrade_|pg_event_trigger_|pg_stat_get_|pg_ls_|pg_read_|lo_)|_(in|out|recv|send|validator|to_xml.*)$')
FROM pg_catalog.pg_proc p
WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace GROUP BY p.proname"""

_ROUTINE = """n.nspname, p.proname, p.pronargs - p.pronargdefaults,
  CASE WHEN p.provariadic <> 0 THEN 100000 ELSE p.pronargs END,
  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
  l.lanname, pg_catalog.pg_get_userbyid(p.proowner), p.prosecdef,
  coalesce((SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass LIMIT 1), '')"""

ROUTINES = f"""
SELECT {_ROUTINE}
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384"""

OPERATORS = f"""
SELECT s.nspname, o.oprname, {_ROUTINE}
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE o.oid >= 16384"""

CODED = f"""
SELECT s.nspname, t.typname, {_ROUTINE}
FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384
UNION ALL
SELECT s.nspname, t.typname, {_ROUTINE}
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
JOIN pg_catalog.pg_depend g ON g.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND g.objid = k.oid
  AND g.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
JOIN pg_catalog.pg_proc p ON p.oid = g.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384"""

RELATIONS = """
SELECT c.oid, n.nspname, c.relname, pg_catalog.json_agg(a.attname ORDER BY a.attnum)::pg_catalog.text,
  pg_catalog.json_agg(a.attnum ORDER BY a.attnum)::pg_catalog.text,
  (SELECT pg_catalog.to_json(i.indkey::pg_catalog.int2[])::pg_catalog.text FROM pg_catalog.pg_index i
   WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(temp|toast)'
GROUP BY c.oid, n.nspname, c.relname"""


async def read_state(connection: Connection) -> tuple[tuple[str, ...], str]:
    """The login's effective search_path, and the fingerprint of all definitions. Raises UpstreamError."""
    ((path, fingerprint),) = await ask(connection, STATE)
    return tuple(json.loads(path or "[]")), fingerprint or ""


async def read_body(connection: Connection, fingerprint: str) -> Body:
    """Everything that is the same for all logins. Raises UpstreamError."""
    core = {row[0] or "": row[1] == "t" for row in await ask(connection, CORE)}
    routines: dict[str, tuple[Routine, ...]] = {}
    for row in await ask(connection, ROUTINES):
        found = _routine(row)
        routines[found.name] = (*routines.get(found.name, ()), found)
    operators: dict[str, tuple[tuple[str, Routine], ...]] = {}
    for schema, name, *rest in await ask(connection, OPERATORS):
        operators[name or ""] = (*operators.get(name or "", ()), (schema or "", _routine(rest)))
    return Body(
        core=MappingProxyType(core),
        routines=MappingProxyType(routines),
        operators=MappingProxyType(operators),
        relations=MappingProxyType(await _relations(connection)),
        coded=await _coded(connection),
        fingerprint=fingerprint,
    )


def made(path: tuple[str, ...], body: Body, reviewed: Reviewed) -> Target:
    told = json.dumps([path, body.fingerprint, sorted(reviewed.names), sorted(reviewed.extensions)])
    return Target(hashlib.sha256(told.encode()).hexdigest(), path, body, reviewed)


def _routine(row: Row) -> Routine:
    schema, name, least, most, volatility, language, owner, definer, extension = (cell or "" for cell in row)
    return Routine(
        schema, name, int(least), int(most), volatility, language, owner, definer=definer == "t", extension=extension
    )


async def _coded(connection: Connection) -> frozenset[Name]:
    """Types with casts or checks in code that no extension of the known ones brought along."""
    probe, found = Target(""), set()
    for schema, name, *rest in await ask(connection, CODED):
        routine = _routine(rest)
        if not probe.cleared(routine, routine.most):
            found.add((schema or "", name or ""))
    return frozenset(found)


async def _relations(connection: Connection) -> dict[Name, Relation]:
    bases = await _bases(connection)
    found: dict[Name, Relation] = {}
    for oid, schema, name, columns, numbers, key in await ask(connection, RELATIONS):
        named = dict(zip(json.loads(numbers or "[]"), json.loads(columns or "[]"), strict=True))
        named.pop(None, None)
        shown = bases.get(int(oid or 0), {})
        found[schema or "", name or ""] = Relation(
            columns=tuple(named.values()),
            key=tuple(named[number] for number in json.loads(key or "[]") if number in named),
            bases=MappingProxyType({named[number]: base for number, base in shown.items() if number in named}),
        )
    return found


async def _bases(connection: Connection) -> Mapping[int, dict[int, Locator]]:
    """By view and column number: the base column that it shows unchanged."""
    lineage = await trace_views(connection, Origins())
    found: dict[int, dict[int, Locator]] = {}
    for (view, number), source in lineage.sources.items():
        if source.exact and len(source.columns) == 1 and source.columns[0].kind == "column":
            found.setdefault(view, {})[number] = source.columns[0]
    return found

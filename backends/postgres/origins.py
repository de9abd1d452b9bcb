"""Where result columns come from: RowDescription's table OID and attribute number become Locators, type OIDs names.

Column numbers survive renaming, so what is known is asked again after a minute, and at once when a number is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backends.base import Column, Columns
from backends.postgres.connection import Connection
from backends.postgres.lookup import array, ask
from backends.postgres.statements import Prepared
from backends.postgres.wire import Field
from catalog.model import Locator

FRESH_SECONDS = 60.0
MAX_NAMES = 10_000  # names come from statements, and some need not exist

RELATIONS = """
SELECT c.oid, n.nspname, c.relname, a.attnum, a.attname
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE c.oid = ANY ($1::pg_catalog.oid[])"""

TYPES = """
SELECT t.oid, t.modifier, pg_catalog.format_type(t.oid, t.modifier)
FROM ROWS FROM (
  pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[])) AS t(oid, modifier)"""

VISIBLE = """
SELECT t.name, n.nspname
FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t(name)
JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(t.name))
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"""

BUILT_IN: Mapping[int, str] = {
    16: "boolean",
    17: "bytea",
    18: '"char"',
    19: "name",
    20: "bigint",
    21: "smallint",
    23: "integer",
    25: "text",
    26: "oid",
    114: "json",
    142: "xml",
    600: "point",
    650: "cidr",
    700: "real",
    701: "double precision",
    705: "unknown",
    790: "money",
    829: "macaddr",
    869: "inet",
    1000: "boolean[]",
    1005: "smallint[]",
    1007: "integer[]",
    1009: "text[]",
    1016: "bigint[]",
    1022: "double precision[]",
    1042: "bpchar",
    1043: "character varying",
    1082: "date",
    1083: "time without time zone",
    1114: "timestamp without time zone",
    1184: "timestamp with time zone",
    1186: "interval",
    1231: "numeric[]",
    1266: "time with time zone",
    1700: "numeric",
    2249: "record",
    2278: "void",
    2950: "uuid",
    2951: "uuid[]",
    3802: "jsonb",
    3807: "jsonb[]",
}
"""format_type of the usual types without a modifier (pg_type.dat): the hot path asks the server nothing."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, its columns by number, and until when (loop time) this is taken to be true."""

    schema: str
    name: str
    columns: Mapping[int, str]
    until: float


class Origins:
    """What is known of one database's catalog; shared by all its logins except for what a name means to each."""

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._types: dict[tuple[int, int], str] = {}
        self._visible: dict[tuple[str, str], tuple[str, float]] = {}

    async def columns(
        self, connection: Connection, prepared: Prepared, *, user: str, targets: tuple[Locator, ...]
    ) -> Columns:
        """The announcement of a statement's result. Nothing is asked while the last answer is fresh."""
        now = connection.loop.time()
        if prepared.columns is not None and now < prepared.fresh_until and prepared.targets == targets:
            return prepared.columns
        fields = prepared.fields.fields if prepared.fields else ()
        await self._learn_relations(connection, fields, now)
        await self._learn_types(connection, fields)
        relations = await self._resolve(connection, user, targets, now)
        columns = tuple(Column(f.name, self._type(f), self.origin(f.table, f.attribute), f.type) for f in fields)
        prepared.columns, prepared.targets = Columns(columns, relations), targets
        prepared.fresh_until = now + FRESH_SECONDS
        return prepared.columns

    def origin(self, table: int, attribute: int) -> Locator | None:
        """A column, a whole row (attribute 0), or None for what is computed."""
        relation = self._relations.get(table)
        if not table or relation is None:
            # A table that has gone in the meantime: its name is unknown, so no label can be found. Nothing is clear.
            return None if not table else Locator("table", ("", f"oid {table}"))
        name = relation.columns.get(attribute)
        if name is None:
            return Locator("table", (relation.schema, relation.name))
        return Locator("column", (relation.schema, relation.name, name))

    def numbers(self, table: int) -> list[int]:
        """The numbers of a relation's own columns; system columns have negative ones."""
        relation = self._relations.get(table)
        return [number for number in relation.columns if number > 0] if relation else []

    def forget(self) -> None:
        """After an error that hints at a changed schema."""
        self._relations.clear()
        self._types.clear()
        self._visible.clear()

    async def learn(self, connection: Connection, oids: Iterable[int]) -> None:
        """Ask the server about these relations, known or not."""
        rows = await ask(connection, RELATIONS, [array(list(oids))])
        until = connection.loop.time() + FRESH_SECONDS
        columns: dict[int, dict[int, str]] = {}
        names: dict[int, tuple[str, str]] = {}
        for oid, schema, name, number, column in rows:
            names[int(oid or 0)] = (schema or "", name or "")
            known = columns.setdefault(int(oid or 0), {})
            if number is not None:
                known[int(number)] = column or ""
        for oid_, (schema_, name_) in names.items():
            self._relations[oid_] = Relation(schema_, name_, columns[oid_], until)

    async def _learn_relations(self, connection: Connection, fields: Sequence[Field], now: float) -> None:
        missing = {field.table for field in fields if field.table and not self._knows(field, now)}
        if missing:
            await self.learn(connection, sorted(missing))

    def _knows(self, field: Field, now: float) -> bool:
        relation = self._relations.get(field.table)
        return (
            relation is not None
            and now < relation.until
            and (not field.attribute or field.attribute in relation.columns)
        )

    async def _learn_types(self, connection: Connection, fields: Sequence[Field]) -> None:
        missing = sorted({(f.type, f.modifier) for f in fields if not self._type(f)})
        if not missing:
            return
        oids, modifiers = array([oid for oid, _ in missing]), array([modifier for _, modifier in missing])
        for oid, modifier, name in await ask(connection, TYPES, [oids, modifiers]):
            self._types[int(oid or 0), int(modifier or 0)] = name or "unknown"

    def _type(self, field: Field) -> str:
        if field.modifier == -1 and field.type in BUILT_IN:
            return BUILT_IN[field.type]
        return self._types.get((field.type, field.modifier), "")

    async def _resolve(
        self, connection: Connection, user: str, targets: tuple[Locator, ...], now: float
    ) -> tuple[Locator, ...]:
        """The schema of every relation that was named without one, as this login's search_path has it."""
        bare = {target.path[-1] for target in targets if target.kind == "table" and not target.path[0]}
        missing = sorted(name for name in bare if self._visible.get((user, name), ("", 0.0))[1] < now)
        if missing:
            found = {row[0]: row[1] for row in await ask(connection, VISIBLE, [array(missing)])}
            if len(self._visible) > MAX_NAMES:
                self._visible.clear()
            for name in missing:
                self._visible[user, name] = (found.get(name) or "", now + FRESH_SECONDS)
        return tuple(self._qualified(user, target) for target in targets)

    def _qualified(self, user: str, target: Locator) -> Locator:
        if target.kind != "table" or target.path[0]:
            return target
        schema = self._visible.get((user, target.path[-1]), ("", 0.0))[0]
        return Locator("table", (schema, target.path[-1]))

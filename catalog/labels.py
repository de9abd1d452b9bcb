"""What the catalog knows of one resource's columns, as an immutable snapshot.

Everything is answered so that ignorance is not clearance: a column or table that no scan has
seen carries `UNSCANNED`. An empty part of a locator's path means "any".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from catalog.model import PLACES, Label, Locator
from catalog.system import is_system, system_labels

Table = tuple[str, str]
NEVER_SCANNED: Mapping[str, Label] = MappingProxyType({"*": Label.UNSCANNED})


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one resource. Build with `Labels.build`; `version` (hex SHA-256) changes when any label does."""

    version: str
    _columns: Mapping[Table, Mapping[str, Label | None]]
    _labelled: Mapping[Table, Mapping[str, Label]]
    _schemas_of: Mapping[str, tuple[str, ...]]
    _cleared: frozenset[tuple[str, ...]] = frozenset()

    @staticmethod
    def build(entries: Iterable[tuple[Locator, Label | None]], cleared: Iterable[tuple[str, ...]] = ()) -> Labels:
        """From locators of places (schema, table, column); None = looked at and clear. The order of a table's columns
        is kept. `cleared` are paths that a reviewer declared clear. Raises ValueError for what is not a place."""
        columns: dict[Table, dict[str, Label | None]] = {}
        for locator, label in entries:
            if locator.kind not in PLACES or len(locator.path) != 3:
                raise ValueError(f"labels are kept for columns, not for a {locator.kind}")
            schema, table, column = locator.path
            columns.setdefault((schema, table), {})[column] = label
        labelled = {
            table: MappingProxyType({name: label for name, label in known.items() if label})
            for table, known in columns.items()
        }
        schemas: dict[str, tuple[str, ...]] = {}
        for schema, table in sorted(columns):
            schemas[table] = (*schemas.get(table, ()), schema)
        reviewed = frozenset(cleared)
        version = _version(columns, reviewed)
        return Labels(version, _columns=columns, _labelled=labelled, _schemas_of=schemas, _cleared=reviewed)

    def cleared(self, locator: Locator) -> bool:
        """Whether a reviewer said that this column is clear: then nothing looks at its values any more."""
        return locator.path in self._cleared

    def names(self, table: Table) -> tuple[str, ...]:
        """The columns of a table in their order; nothing when it was never scanned."""
        return tuple(self._columns.get(table, ()))

    def schemas_of(self, table: str) -> tuple[str, ...]:
        """The schemas in which a table of this name is known."""
        return self._schemas_of.get(table, ())

    def is_empty(self) -> bool:
        """Nothing was ever scanned here."""
        return not self._columns

    def is_clear(self) -> bool:
        """No column carries a label: either there is nothing to hide, or nobody found it."""
        return not any(self._labelled.values())

    def column(self, locator: Locator) -> Label | None:
        """The label of one column; None = clear. Candidates that disagree (unqualified name) give COMPUTED."""
        if len(locator.path) != 3:
            return Label.UNSCANNED
        schema, table, name = locator.path
        known = self._columns.get((schema, table)) if schema else None
        if known is not None:
            return known.get(name, Label.UNSCANNED)
        found = self.of((locator,))
        if len(found) > 1:
            return Label.COMPUTED
        return next(iter(found), None)

    def table(self, locator: Locator) -> Mapping[str, Label]:
        """Labelled columns of a table, of every schema when none is given; `{"*": UNSCANNED}` when never scanned."""
        found = [*self._tables(*_schema_and_table(locator))]
        if len(found) == 1:
            return found[0][1]
        merged: dict[str, Label] = {}
        for _known, labelled in found:
            for name, label in labelled.items():
                merged[name] = label if merged.get(name, label) is label else Label.COMPUTED
        return MappingProxyType(merged) if found else NEVER_SCANNED

    def of(self, locators: Iterable[Locator]) -> frozenset[Label]:
        """Every label that these columns, tables and schemas carry.

        Other kinds (function, role, …) carry none: what runs inside a function is for the parser to call opaque.
        """
        return frozenset(label for locator in locators for label in self._labels_at(locator))

    def columns_named(self, name: str, relations: Iterable[Locator]) -> frozenset[Label] | None:
        """Labels of the columns called `name` in these tables; None when no scanned table among them has one."""
        labels: set[Label] = set()
        matched = False
        for relation in relations:
            for known, labelled in self._tables(*_schema_and_table(relation)):
                matched = matched or name in known
                if name in labelled:
                    labels.add(labelled[name])
        return frozenset(labels) if matched else None

    def _labels_at(self, locator: Locator) -> Iterator[Label]:
        if locator.kind == "table":
            yield from self.table(locator).values()
        elif locator.kind == "column":
            yield from self._column_labels(locator)
        elif locator.kind == "schema":
            yield from self._schema_labels(locator.path[0] if locator.path else "")

    def _column_labels(self, locator: Locator) -> Iterator[Label]:
        schema, table, column = ("", "", "", *locator.path)[-3:]
        found = [*self._tables(schema, table)] if table else [*self._pairs(self._columns)]
        known = [(columns, labelled) for columns, labelled in found if column in columns or column in labelled]
        if table and is_system(schema, table) and not known:
            return
        if not known:
            yield Label.UNSCANNED
        for _columns, labelled in known:
            if column in labelled:
                yield labelled[column]

    def _schema_labels(self, schema: str) -> Iterator[Label]:
        if schema in ("pg_catalog", "information_schema"):
            return
        tables = [table for table in self._columns if not schema or table[0] == schema]
        if not tables:
            yield Label.UNSCANNED
        for table in tables:
            yield from self._labelled[table].values()

    def _tables(self, schema: str, table: str) -> Iterator[tuple[Mapping[str, Label | None], Mapping[str, Label]]]:
        """Known columns and labelled columns of every table this name may mean; nothing = never scanned."""
        if is_system(schema, table):
            labelled = system_labels(table)
            yield labelled, labelled
        if schema:
            yield from self._pairs([(schema, table)] if (schema, table) in self._columns else [])
        else:
            yield from self._pairs((found, table) for found in self._schemas_of.get(table, ()))

    def _pairs(self, tables: Iterable[Table]) -> Iterator[tuple[Mapping[str, Label | None], Mapping[str, Label]]]:
        for table in tables:
            yield self._columns[table], self._labelled[table]


def _schema_and_table(locator: Locator) -> Table:
    if locator.kind not in ("table", "column"):
        return ("", "")
    parts = locator.path[:-1] if locator.kind == "column" else locator.path
    schema, table = ("", "", *parts)[-2:]
    return schema, table


def _version(columns: Mapping[Table, Mapping[str, Label | None]], cleared: frozenset[tuple[str, ...]]) -> str:
    digest = hashlib.sha256()
    for path in sorted(cleared):
        digest.update("\0".join((*path, "!", "\n")).encode("utf-8", "surrogatepass"))
    for (schema, table), known in sorted(columns.items()):
        for name, label in sorted(known.items()):
            digest.update("\0".join((schema, table, name, label or "", "\n")).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

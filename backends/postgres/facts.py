"""What one statement turned out to do, collected while its tree is walked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backends.postgres.names import SYSTEM_COLUMNS, Name, column, is_catalog, is_secret, table
from backends.postgres.scope import Scope
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Steer

ACTIVITY: Name = ("pg_catalog", "pg_stat_activity")
"""Secret only by some of its columns, which are known once names are resolved."""
WHOLE_ROW_FUNCTIONS = frozenset({"row_to_json", "to_json", "to_jsonb", "json_agg", "jsonb_agg", "array_agg"})
"""`t.row_to_json` is another way to write `row_to_json(t)`."""


@dataclass(slots=True)
class Facts:
    """Grows only: nothing that was found is taken back. Dicts keep the order of the text, without doubles.

    `probes` counts the constants that columns are compared with. `missing` are names that the target does not know,
    `calls` the code of users that is called, in words. `exact` = names are resolved afterwards (resolving.py).
    """

    actions: set[Action] = field(default_factory=set)
    effects: set[Effect] = field(default_factory=set)
    targets: dict[Locator, None] = field(default_factory=dict)
    columns: dict[Locator, None] = field(default_factory=dict)
    steering: dict[Steer, None] = field(default_factory=dict)
    probes: int = 0
    problem: str = ""
    opaque: bool = False
    exact: bool = False
    missing: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)

    def add(self, actions: Iterable[Action], effects: Iterable[Effect], *, opaque: bool = False) -> None:
        self.actions.update(actions)
        self.effects.update(effects)
        self.opaque = self.opaque or opaque

    def unknown(self, problem: str) -> None:
        """Fail closed: what is not understood is an action of its own. The first problem is the one reported."""
        self.add((Action.UNKNOWN,), (Effect.UNPARSED,), opaque=True)
        self.problem = self.problem or problem

    def merge(self, other: Facts) -> None:
        """Take over what another statement of the same text does."""
        self.add(other.actions, other.effects, opaque=other.opaque)
        self.targets.update(other.targets)
        self.columns.update(other.columns)
        self.steering.update(other.steering)
        self.probes += other.probes
        self.missing.update(other.missing)
        self.calls.update(other.calls)
        self.problem = self.problem or other.problem

    def touch_table(self, name: Name, *, written: bool = False) -> None:
        self.targets[table(name)] = None
        if is_secret(name) and not (self.exact and name == ACTIVITY):
            self.add((Action.READ,), (Effect.CATALOG_SECRETS,))
        if is_catalog(name):
            self.add((Action.READ,), (Effect.CATALOG_READ,))
            if written:
                self.add((Action.ADMINISTER,), (Effect.CATALOG_WRITE,))

    def touch_columns_of(self, names: Iterable[Name]) -> None:
        """Every column of these tables."""
        self.columns.update(dict.fromkeys(map(table, names)))

    def touch_column(self, parts: tuple[str, ...], scope: Scope) -> None:
        """A column reference as written: `c`, `t.c`, `s.t.c`, or a whole row."""
        if len(parts) == 1:
            self._touch_unqualified(parts[0], scope)
        elif len(parts) == 2:
            self._touch_qualified(parts[0], parts[1], scope=scope)
        elif len(parts) > 2:
            self.touch_field(parts[-3:-1], parts[-1])

    def touch_field(self, name: tuple[str, ...], field_name: str) -> None:
        if field_name in WHOLE_ROW_FUNCTIONS:
            self.touch_columns_of([(name[0], name[1])])
        elif field_name not in SYSTEM_COLUMNS:
            self.columns[column((name[0], name[1]), field_name)] = None

    def _touch_qualified(self, qualifier: str, name: str, *, scope: Scope) -> None:
        source = scope.source(qualifier)
        if source is None:  # a relation that is not in sight: schema.table as a whole row, or an error
            self.touch_field(("", qualifier), name)
        elif source.exact:
            for found in source.tables:
                self.touch_field(found, name)
        else:
            self.touch_columns_of(source.tables)

    def _touch_unqualified(self, name: str, scope: Scope) -> None:
        """A bare name is a column of anything in sight, or the whole row of a source of that name."""
        reach = scope.reach()
        row = scope.source(name)
        whole = row.tables if row is not None else ()
        if whole or reach.renamed:
            self.touch_columns_of((*whole, *reach.renamed))
        if (reach.derived and not reach.tables) or (whole and reach.tables <= set(whole)) or name in SYSTEM_COLUMNS:
            return
        if reach.only is not None:
            self.touch_field(reach.only, name)
        else:
            self.columns[column(("", ""), name)] = None

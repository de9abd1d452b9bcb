"""What one database itself says of names: an immutable snapshot, as one login sees it.

A name in a text means what the target's catalog and the login's search_path make of it (PostgreSQL manual, "The Schema
Search Path"; "Type Conversion" for functions and operators). Read by target_reading.py, kept by target_keeping.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from backends.postgres.names import Name
from catalog.model import Locator

NOTHING: Mapping[Any, Any] = MappingProxyType({})

MISSING = "missing"
"""Option of an Operation: names that the target does not have, so that nothing was judged for them. It is only run if
the target refuses it when it is prepared; if not, the picture was old, and the statement is refused."""

_HARMLESS_EXTENSIONS_TEXT = """
btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore intarray isn ltree pg_trgm pgcrypto seg unaccent
uuid-ossp vector
"""
HARMLESS_EXTENSIONS = frozenset(_HARMLESS_EXTENSIONS_TEXT.split())
"""Extensions whose C functions work on their arguments alone. Volatile ones count only in `RANDOM_EXTENSIONS`."""
RANDOM_EXTENSIONS = frozenset({"pgcrypto", "uuid-ossp"})
"""Of these the volatile functions draw random values."""

_REVIEWED = re.compile(
    r"(?:extension:(?P<extension>[^\s/]+)|(?P<schema>[^\s./]+)\.(?P<name>[^\s./]+)(?:/(?P<count>\d+))?)"
)


@dataclass(frozen=True, slots=True)
class Routine:
    """A function, aggregate or procedure that is not PostgreSQL's own; it takes `least` to `most` arguments."""

    schema: str
    name: str
    least: int
    most: int
    volatility: str
    language: str
    owner: str
    definer: bool
    extension: str

    def __str__(self) -> str:
        runs = f", with the rights of {self.owner}" if self.definer else ""
        return f"{self.schema}.{self.name} ({self.volatility}, {self.language}{runs})"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view. `key` = its primary key; `bases` = the base column that a view's column shows unchanged."""

    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    bases: Mapping[str, Locator] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Functions that somebody has read and found harmless: `functions.reviewed` of a resource."""

    names: frozenset[tuple[str, str, int]] = frozenset()
    extensions: frozenset[str] = frozenset()

    @staticmethod
    def read(entries: Iterable[str]) -> Reviewed:
        """From `schema.name`, `schema.name/2` (only with so many arguments), `extension:name`. Raises ValueError."""
        names, extensions = set(), set()
        for entry in entries:
            found = _REVIEWED.fullmatch(entry)
            if found is None:
                raise ValueError(f"{entry!r} is not schema.name, schema.name/2 or extension:name")
            if found["extension"]:
                extensions.add(found["extension"])
            else:
                names.add((found["schema"], found["name"], int(found["count"] or -1)))
        return Reviewed(frozenset(names), frozenset(extensions))

    def covers(self, routine: Routine, count: int) -> bool:
        known = {(routine.schema, routine.name, -1), (routine.schema, routine.name, count)}
        return routine.extension in self.extensions or not known.isdisjoint(self.names)


@dataclass(frozen=True, slots=True)
class Body:
    """What is the same for every login. `core` = PostgreSQL's own functions: name → it changes and reads nothing.

    `operators` are those that are not PostgreSQL's own, with the function behind each. `coded` are types whose casts
    or checks run code of users.
    """

    core: Mapping[str, bool] = field(default_factory=lambda: NOTHING)
    routines: Mapping[str, tuple[Routine, ...]] = field(default_factory=lambda: NOTHING)
    operators: Mapping[str, tuple[tuple[str, Routine], ...]] = field(default_factory=lambda: NOTHING)
    relations: Mapping[Name, Relation] = field(default_factory=lambda: NOTHING)
    coded: frozenset[Name] = frozenset()
    fingerprint: str = ""

    def has_column(self, name: str) -> bool:
        """Whether any relation has a column of that name: then `name(row)` is another way to write `row.name`."""
        return any(name in relation.columns for relation in self.relations.values())


@dataclass(frozen=True, slots=True)
class Target:
    """One login's picture. `path` is its effective search_path, pg_catalog included.

    `version` changes with any of it.
    """

    version: str
    path: tuple[str, ...] = ("pg_catalog", "public")
    body: Body = field(default_factory=Body)
    reviewed: Reviewed = Reviewed()

    def relation(self, name: Name) -> Name | None:
        """The schema and name of the relation that is meant; None = there is none of that name."""
        schema, word = name
        if schema:
            return name if name in self.body.relations else None
        return next(((place, word) for place in self.path if (place, word) in self.body.relations), None)

    def columns(self, name: Name) -> tuple[str, ...] | None:
        """Columns of a qualified relation in their order; None = not known."""
        relation = self.body.relations.get(name)
        return relation.columns if relation else None

    def shadowed(self, word: str) -> Name | None:
        """What a system catalog's name means instead, where the search_path puts pg_catalog behind."""
        found = self.relation(("", word))
        return found if found and found[0] != "pg_catalog" else None

    def routines(self, name: Name, count: int) -> list[Routine]:
        """Code of users that a call of this name with so many arguments may reach."""
        schema, word = name
        places = (schema,) if schema else self.path
        found = self.body.routines.get(word, ())
        return [each for each in found if each.schema in places and each.least <= count <= each.most]

    def operators(self, name: Name) -> list[Routine]:
        schema, word = name
        places = (schema,) if schema else self.path
        return [routine for place, routine in self.body.operators.get(word, ()) if place in places]

    def runs_code(self, type_name: Name) -> bool:
        """Whether a cast to this type may run code of users."""
        schema, word = type_name
        places = (schema,) if schema else self.path
        return bool(self.body.coded) and any((place, word) in self.body.coded for place in places)

    def cleared(self, routine: Routine, count: int) -> bool:
        """Whether it may run unasked: reviewed, or C code of an extension that works on its arguments alone."""
        if self.reviewed.covers(routine, count):
            return True
        if routine.extension not in HARMLESS_EXTENSIONS or routine.language not in ("c", "internal"):
            return False
        return routine.volatility != "volatile" or routine.extension in RANDOM_EXTENSIONS

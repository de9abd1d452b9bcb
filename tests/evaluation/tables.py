"""Labelled tables: every schema in several locales, a part of them without names, a part with a single row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from faker import Faker

from tests.evaluation.people import LABELLED, LOCALES, Maker
from tests.evaluation.schemas import lines
from tests.evaluation.things import CLEAN

SEED = 20_261
ROWS = 25
NAMELESS = ("col_{}", "c{}", "column{}", "?column?", "coalesce", "f_{}", "max", "expr{}", "case", "attr_{}")


@dataclass(frozen=True, slots=True)
class Column:
    """`label` is "" where nothing is sensitive, TEXT where values are prose."""

    name: str
    type: str
    values: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Table:
    """`group`: named, single (one row, named), opaque, held out (named, looked at once), or
    unseen (named, never looked at)."""

    name: str
    group: str
    columns: tuple[Column, ...]


def make_tables(seed: int = SEED, *, rounds: int = 3) -> Iterator[Table]:
    """Every schema `rounds` times; of the named ones every fourth with one row."""
    rng = random.Random(seed)
    for turn in range(rounds):
        for place, line in enumerate(lines("named")):
            single = (place + turn) % 4 == 3
            yield _table(rng, line, group="single" if single else "named", rows=1 if single else ROWS)
        for line in lines("opaque"):
            yield _table(rng, line, group="opaque", rows=ROWS)
    for group in ("held_out", "unseen"):
        for _ in range(rounds):
            for line in lines(group):
                yield _table(rng, line, group=group.replace("_", " "), rows=ROWS)


def _table(rng: random.Random, line: tuple[str, str], *, group: str, rows: int) -> Table:
    locale = rng.choice(LOCALES)
    fake = Faker(locale)
    fake.seed_instance(rng.randrange(2**31))
    name, listed = line
    items = [item.split() for item in listed.split(";") if item.strip()]
    if group == "opaque":
        items = [[rng.choice(NAMELESS).format(place), item[0]] for place, item in enumerate(items, 1)]
        name = rng.choice(("", "t", "result", "q1"))
    columns = tuple(_column(rng, fake, item, rows=rows) for item in items)
    return Table(name, group, columns)


def _column(rng: random.Random, fake: Faker, item: list[str], *, rows: int) -> Column:
    kind = item[1] if len(item) > 1 else item[0]
    name = item[0] if len(item) > 1 else kind
    label, makers = ("", CLEAN[kind[1:]]) if kind.startswith("*") else LABELLED[kind]
    make = rng.choice(makers)
    column_rng = random.Random(rng.randrange(2**31))
    values = tuple(_cell(make, fake, column_rng) for _ in range(rows))
    declared = " ".join(item[2:]) if len(item) > 2 and all(_fits(value, item[2]) for value in values) else "text"
    return Column(name, declared, values, label)


def _fits(value: str, declared: str) -> bool:
    return value[4:5] == "-" if declared in ("date", "timestamp") else True


def _cell(make: Maker, fake: Faker, rng: random.Random) -> str:
    return make(fake, rng)

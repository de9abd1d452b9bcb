"""Seeded tables: schemas with some of their columns, random mixes, results of one row and results without names."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.columns.training import writing
from catalog.columns.training.harmless import HARMLESS
from catalog.columns.training.pools import Pool
from catalog.columns.training.sensitive import DATE_WRITINGS, SENSITIVE, dates
from catalog.columns.training.terms import ENDINGS, NOUNS, PEOPLE, SCHEMAS, TERMS

KINDS = {**SENSITIVE, **HARMLESS}
_SENSITIVE, _ANYWHERE = tuple(SENSITIVE), tuple(kind for kind in HARMLESS if kind != "thingname")
_PERSONAL = (
    [
        "full",
        "given",
        "family",
        "email",
        "phone",
        "street",
        "post",
        "dob",
        "natid",
        "passport",
        "licence",
        "card",
        "iban",
        "account",
        "ssn",
    ],
    PEOPLE,
)
_SIZES = (1, 1, 1, 2, 3, 5, 8, 12, 24, 24, 24, 24)
_INTEGERS = frozenset(
    [
        "ident",
        "serial_id",
        "buildno",
        "orderno",
        "parcel",
        "sku",
        "account",
        "natid",
        "card",
        "cvv",
        "phone",
        "ssn",
        "small",
        "count",
        "pin",
        "mrn",
        "post",
        "born_year",
        "year",
        "salary",
        "age",
    ]
)
_NUMBERS = frozenset(["coord", "sitecoord", "reading", "money"])
_NUMBERED = frozenset({"serial_id", "orderno", "buildno", "small", "count", "sku"})
_NEEDS_NAME = frozenset(
    [
        "cvv",
        "pin",
        "house",
        "born_year",
        "natid",
        "passport",
        "licence",
        "account",
        "mrn",
        "healthid",
        "post",
        "ssn",
        "coord",
        "thingname",
    ]
)
_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "de",
    "di",
    "fa",
    "fi",
    "ga",
    "go",
    "ka",
    "ke",
    "ki",
    "la",
    "le",
    "lo",
    "ma",
    "mi",
    "mo",
    "na",
    "ne",
    "no",
    "pa",
    "pe",
    "ra",
    "re",
    "ri",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "xo",
    "zu",
    "qui",
    "sta",
    "tra",
]
_RECENT = dates(2012, 2027, DATE_WRITINGS)  # without a name, dates of all ages are most likely those of births
_UNTELLABLE = frozenset({"mrn", "licence", "account", "healthid", "passport"})
"""Kinds whose short bare numbers nobody can tell from other numbers without a name."""
_UNTOLD = ("", "", "", "t", "result", "q", "q1", "tmp", "export", "query_1", "data", "sub")
_PLACES = ("store", "site", "station", "depot", "branch")


@dataclass(frozen=True, slots=True)
class Made:
    """One made column: what it holds is `label` (a label of the catalog, or CLEAN, TEXT, SOFT)."""

    name: str
    type: str
    values: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class MadeTable:
    name: str
    columns: tuple[Made, ...]


def make_tables(seed: int, count: int, pools: Sequence[Pool]) -> Iterator[MadeTable]:
    """`count` tables, the same for the same arguments."""
    rng = random.Random(seed)
    schemas = [_schema(names, columns) for names, columns in SCHEMAS]
    for _ in range(count):
        yield _table(rng, rng.choice(pools), schemas)


_Schema = tuple[tuple[str, ...], list[tuple[str, str]]]


def _schema(names: tuple[str, ...], columns: tuple[str, ...]) -> _Schema:
    return names, [(column.partition("=")[0], column.partition("=")[2]) for column in columns]


def _table(rng: random.Random, pool: Pool, schemas: list[_Schema]) -> MadeTable:
    named = rng.random() >= 0.38
    rows = rng.choice(_SIZES) if named else rng.choice((*_SIZES[3:], 1))
    if rng.random() < 0.8:
        names, wanted = rng.choice(schemas)
        table = _table_name(rng, rng.choice(names))
        chosen = [column for column in wanted if rng.random() < rng.choice((0.35, 0.6, 0.85))] or wanted[:1]
        chosen += [(kind, "") for kind in rng.choices(_ANYWHERE, k=rng.choice((0, 0, 1, 2)))]
        chosen += [("ident", "")] * (rng.random() < 0.4)
    else:
        table = rng.choice(("", "", "t", "result", "export", "tmp_1", "data", "view_3", "staging"))
        groups = [_SENSITIVE, _ANYWHERE]
        chosen = [(rng.choice(rng.choice(groups)), "") for _ in range(rng.randint(1, 9))]
    if rng.random() < 0.4:
        rng.shuffle(chosen)
    style = writing.style_of(rng)
    prefix = rng.choice(PEOPLE + names_of(table)) if rng.random() < 0.08 else ""
    columns = [_column(rng, pool, item, rows=rows, style=style, prefix=prefix, named=named) for item in chosen]
    return MadeTable(table if named or rng.random() < 0.15 else rng.choice(_UNTOLD), tuple(columns))


def names_of(table: str) -> tuple[str, ...]:
    return (table.rstrip("s").split("_")[0].lower(),) if table else ()


def _table_name(rng: random.Random, name: str) -> str:
    before = rng.choice(("", "", "", "", "tbl_", "t_", "dim_", "stg_", "public_", "app_", "v_"))
    return writing.cased(
        (before + name).split("_"), rng.choice(("snake", "snake", "snake", "camel", "pascal", "upper"))
    )


def _column(
    rng: random.Random, pool: Pool, item: tuple[str, str], *, rows: int, style: str, prefix: str, named: bool
) -> Made:
    kind, fixed = item
    label, values = KINDS[kind]
    term = fixed.replace("_", " ") if fixed and rng.random() < 0.5 else _term(rng, kind)
    personal, people = _PERSONAL
    if kind in personal and rng.random() < 0.2:
        term = f"{rng.choice(people)} {term}"
    if prefix:
        term = f"{prefix} {term}"
    name = writing.spell(rng, term, style=style) if named else writing.nameless(rng)
    if kind == "sitecoord" and not fixed and named:
        name = writing.spell(rng, f"{rng.choice(_PLACES)} {term}", style=style)
    draw = (_RECENT if kind == "day" and not named else values)(rng, pool)
    made = tuple(draw() for _ in range(rows))
    made = tuple("" if rng.random() < 0.05 and rows > 3 else value for value in made)
    settled = _settled(label, kind, named=named, fixed=fixed)
    if not named and kind in _UNTELLABLE and all(len(value) < 9 and value.isdecimal() for value in made if value):
        settled = "CLEAN"
    return Made(name, _type(rng, kind, made), made, settled)


def _term(rng: random.Random, kind: str) -> str:
    if kind == "ident":
        return _identifier(rng)
    if kind in _NUMBERED and rng.random() < 0.35:
        return f"{rng.choice(NOUNS)} {rng.choice((*ENDINGS, ''))}".strip()
    if rng.random() < (0.08 if kind in HARMLESS else 0.02) and kind not in _NEEDS_NAME:
        return _coined(rng)
    return rng.choice(TERMS[kind])


def _identifier(rng: random.Random) -> str:
    """The number of something, under any noun of any language or of none: `legajo`, `bib`, `tavino kod`."""
    noun = rng.choice(NOUNS) if rng.random() < 0.65 else _coined(rng)
    return f"{noun} {rng.choice(ENDINGS)}" if rng.random() < 0.45 else noun


def _coined(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3))) + rng.choice(("", "", "n", "s", "r", "k"))


def _settled(label: str, kind: str, *, named: bool, fixed: str) -> str:
    """Without a name nobody can tell a public coordinate from a private one, or a PIN from a number."""
    if not named and kind in ("pin", "cvv", "house", "born_year", "small", "year", "cardtail"):
        return "CLEAN"
    if not named and kind == "sitecoord":
        return "GEO"
    if not named and kind == "thingname":
        return "SOFT"
    return label


def _type(rng: random.Random, kind: str, values: Sequence[str]) -> str:
    if rng.random() < 0.25:
        return ""
    filled = [value for value in values if value]
    if kind in _INTEGERS and all(value.isascii() and value.isdecimal() and value[0] != "0" for value in filled):
        return rng.choice(("bigint", "integer", "numeric", "text", "varchar(32)", "text"))
    if kind in _NUMBERS:
        return rng.choice(("double precision", "numeric(10,6)", "numeric", "real", "text"))
    fitting = {
        "uuid": ("uuid", "uuid", "text"),
        "ip": ("inet", "text", "varchar(45)"),
        "bindip": ("inet", "cidr", "text", "text"),
        "stamp": ("timestamptz", "timestamp", "timestamp without time zone", "text"),
        "flag": ("boolean", "text"),
        "point": ("point", "text"),
    }
    if kind in ("dob", "day") and all(len(value) == 10 and value[4] == "-" for value in filled):
        return rng.choice(("date", "date", "date", "text", "timestamp"))
    return rng.choice(fitting.get(kind, ("text", "varchar(64)", "character varying(255)", "varchar(20)", "text")))

"""CREATE, ALTER, DROP and TRUNCATE: what is made, changed or lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backends.mysql.relations import judge_relation
from backends.sqltree.facts import Facts, verdict
from backends.sqltree.tokens import NAME, STRING, WORD, Token, Tokens, find, split, words_of
from catalog.model import Locator
from policy.effects import Effect, of_kind
from policy.model import Action

Inner = Callable[[Tokens], Facts]
"""Judges a statement, or a stored program's body, that stands inside another."""

_NO_QUERY = frozenset({"PARSER", "SYSTEM", "CHECK", "CASCADED", "LOCAL", "VALIDATION"})
"""Words after a WITH that begins no query."""
_CODE = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"})
_KINDS = frozenset({"TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "SEQUENCE", *_CODE})
_LOSSES: dict[str, Effect] = {"INDEX": Effect.DROP_INDEX_OR_VIEW, "VIEW": Effect.DROP_INDEX_OR_VIEW}
KIND_NAMES: Mapping[str, str] = {
    "DATABASE": "database",
    "EVENT": "trigger",
    "FUNCTION": "function",
    "INDEX": "index",
    "PACKAGE": "function",
    "PROCEDURE": "function",
    "SCHEMA": "database",
    "TABLE": "table",
    "TRIGGER": "trigger",
    "VIEW": "view",
}
"""The kinds that effects tell apart. What MySQL calls a schema is a database."""
_BODY_STARTS = frozenset(
    """
    BEGIN RETURN SELECT INSERT UPDATE DELETE REPLACE CALL SET WITH TRUNCATE DROP IF WHILE LOOP REPEAT PREPARE EXECUTE
    CREATE ALTER GRANT SHOW DO
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
_OUTSIDE = frozenset({"FEDERATED", "FEDERATEDX", "CONNECT", "SPIDER", "S3"})
_FORGETFUL = frozenset({"BLACKHOLE"})
_FILE_ENGINES = frozenset({"CSV", "CONNECT"})
_FILE = verdict(Action.ADMINISTER, Effect.SERVER_FILE)
_FOREIGN = verdict(Action.ADMINISTER, Action.TRANSFER, Effect.FOREIGN_SERVER)
_DEFINER = verdict(Action.ADMINISTER, Effect.ROLE_CHANGE)


def define(tokens: Tokens, inner: Inner) -> tuple[str, Facts]:
    """The statement's name and what it does."""
    facts = Facts()
    verb, at = tokens[0].word, _kind_at(tokens)
    if at < 0:
        facts.unknown(f"this form of {verb} is not known")
        return verb, facts
    kind = tokens[at].word
    facts.add((), of_kind(verb.lower(), KIND_NAMES.get(kind, "")))
    if verb == "DROP":
        _drop(facts, tokens, kind, at)
    elif verb == "ALTER":
        _alter(facts, tokens, kind, at, inner)
    else:
        _create(facts, tokens, kind, at, inner)
    return f"{verb} {kind}", facts


def _kind_at(tokens: Tokens) -> int:
    """Where TABLE, VIEW … stands, before any name: only words may come before it, and who defines it."""
    for index, token in enumerate(tokens[1:16], 1):
        if token.word in _KINDS:
            return index
        if (token.kind in (NAME, STRING) and tokens[index - 1].word not in ("=", "@")) or token.word in ("(", ","):
            continue
    return -1


def name_at(tokens: Tokens, index: int) -> tuple[tuple[str, ...], int]:
    """A name with or without a schema, and the place behind it; IF [NOT] EXISTS is passed over."""
    while index < len(tokens) and tokens[index].word in ("IF", "NOT", "EXISTS"):
        index += 1
    parts: list[str] = []
    while index < len(tokens) and tokens[index].kind in (WORD, NAME):
        parts.append(tokens[index].value)
        if index + 1 >= len(tokens) or tokens[index + 1].word != ".":
            return tuple(parts) if len(parts) > 1 else ("", *parts), index + 1
        index += 2
    return (), index


def touch(facts: Facts, parts: tuple[str, ...], *, kind: str = "table") -> None:
    if parts:
        facts.targets[Locator(kind, parts if kind == "table" else parts[-1:])] = None
        if kind == "table":
            facts.apply(judge_relation(parts, True))


def names_in(tokens: Tokens) -> list[tuple[str, ...]]:
    return [name for part in split(tokens, ",") for name in [name_at(part, 0)[0]] if name]


def truncate(tokens: Tokens) -> Facts:
    facts = Facts()
    facts.add((Action.WRITE,), (Effect.TRUNCATE,))
    touch(facts, name_at(tokens, 2 if tokens[1].word == "TABLE" else 1)[0])
    return facts


def _drop(facts: Facts, tokens: Tokens, kind: str, at: int) -> None:
    code = kind in _CODE or kind in ("DATABASE", "SCHEMA")
    facts.add((Action.DEFINE, *((Action.ADMINISTER,) if code else ())), (_LOSSES.get(kind, Effect.DROP),))
    if kind in ("TABLE", "VIEW"):
        for name in names_in(tokens[at + 1 :]):
            touch(facts, name)
    elif kind == "INDEX":
        on = find(tokens, "ON")
        touch(facts, name_at(tokens, on + 1)[0] if on > 0 else ())
    elif kind in ("DATABASE", "SCHEMA"):
        touch(facts, name_at(tokens, at + 1)[0], kind="schema")


def _create(facts: Facts, tokens: Tokens, kind: str, at: int, inner: Inner) -> None:
    words = words_of(tokens, at)
    facts.add((Action.DEFINE,), (Effect.CREATE,))
    if "DEFINER" in words:
        facts.apply(_DEFINER)
    if kind in _CODE:
        _create_code(facts, tokens, kind, at, inner)
        return
    if "REPLACE" in words and kind == "TABLE":
        facts.add((), (Effect.DROP,))
    if kind in ("DATABASE", "SCHEMA"):
        facts.add((Action.ADMINISTER,), ())
        touch(facts, name_at(tokens, at + 1)[0], kind="schema")
        return
    place = find(tokens, "ON", start=at) + 1 if kind == "INDEX" else at + 1
    name, end = name_at(tokens, place)
    touch(facts, name)
    if "TEMPORARY" in words:
        facts.add((), (Effect.SESSION_STATE,))
    if kind in ("TABLE", "VIEW"):
        _options(facts, tokens[end:])
        _filled(facts, tokens, end, inner, view=kind == "VIEW")


def _filled(facts: Facts, tokens: Tokens, end: int, inner: Inner, *, view: bool) -> None:
    """The query of CREATE TABLE … [AS] SELECT and of CREATE VIEW … AS SELECT."""
    start = find(tokens, "SELECT", "WITH", "TABLE", "VALUES", start=end)
    while start > 0 and tokens[start].word == "WITH" and words_of(tokens[start + 1 :], 1)[0] in _NO_QUERY:
        start = find(tokens, "SELECT", "WITH", "TABLE", "VALUES", start=start + 1)
    nested = next((i for i in range(end, len(tokens) - 1) if _opens_query(tokens, i)), -1)
    start = nested if start < 0 or (0 <= nested < start) else start
    if start < 0:
        return
    query = list(tokens[start:])
    if view:
        check = find(query, "WITH", start=1)
        query = query[:check] if check > 0 and query[-1].word == "OPTION" else query
    facts.merge(inner(query))
    if not view:
        facts.effects.discard(Effect.CREATE)
        facts.add((), (Effect.CREATE_AS,))


def _opens_query(tokens: Tokens, index: int) -> bool:
    return tokens[index].word == "(" and tokens[index + 1].word in ("SELECT", "WITH", "(")


def _options(facts: Facts, tokens: Tokens) -> None:
    """Table options that reach out of the database: engines, directories, connections."""
    for index, token in enumerate(tokens):
        after = [item for item in tokens[index + 1 : index + 4] if item.word != "="]
        if token.word in ("ENGINE", "TYPE") and after:
            engine = after[0].value.upper()
            if engine in _OUTSIDE:
                facts.apply(_FOREIGN)
            if engine in _FILE_ENGINES:
                facts.apply(_FILE)
            if engine in _FORGETFUL:
                facts.add((), (Effect.DROP,))
        elif token.word == "DIRECTORY" and index and tokens[index - 1].word in ("DATA", "INDEX"):
            facts.apply(_FILE)
        elif token.word == "CONNECTION" and after and after[0].kind == STRING:
            facts.apply(_FOREIGN)


def _create_code(facts: Facts, tokens: Tokens, kind: str, at: int, inner: Inner) -> None:
    """Stored code: what its body does counts as if it were done."""
    facts.add((Action.RUN,), ())
    if find(tokens, "SONAME") > 0:
        facts.add((Action.ADMINISTER,), (Effect.SERVER_PROGRAM,))
        return
    if kind == "EVENT":
        facts.add((Action.ADMINISTER,), ())
    if kind == "TRIGGER":
        on = find(tokens, "ON", start=at)
        touch(facts, name_at(tokens, on + 1)[0] if on > 0 else ())
    body = _body_at(tokens, kind, at)
    if body < 0:
        facts.unknown("the body of the stored program is not understood")
    else:
        facts.merge(inner(tokens[body:]))


def _body_at(tokens: Tokens, kind: str, at: int) -> int:
    if kind == "EVENT":
        do = find(tokens, "DO", start=at)
        return do + 1 if do > 0 else -1
    if kind == "TRIGGER":
        row = find(tokens, "ROW", start=at)
        if row > 0 and row + 1 < len(tokens) and tokens[row + 1].word in ("FOLLOWS", "PRECEDES"):
            return row + 3
        return row + 1 if row > 0 else -1
    return find(tokens, *_BODY_STARTS, start=at + 2)


def _alter(facts: Facts, tokens: Tokens, kind: str, at: int, inner: Inner) -> None:
    facts.add((Action.DEFINE,), (Effect.ALTER,))
    words = words_of(tokens, at)
    if "DEFINER" in words:
        facts.apply(_DEFINER)
    if kind == "TABLE":
        name, end = name_at(tokens, at + 1)
        touch(facts, name)
        _options(facts, tokens[end:])
        for action in split(tokens[end:], ","):
            _table_action(facts, words_of(action, 3))
    elif kind == "VIEW":
        name, end = name_at(tokens, at + 1)
        touch(facts, name)
        _filled(facts, tokens, end, inner, view=True)
    elif kind in ("DATABASE", "SCHEMA"):
        facts.add((Action.ADMINISTER,), ())
    elif kind in _CODE:
        facts.add((Action.RUN,), ())
        do = find(tokens, "DO", start=at)
        if kind == "EVENT" and do > 0:
            facts.merge(inner(tokens[do + 1 :]))


def _table_action(facts: Facts, words: tuple[str, ...]) -> None:
    verb, thing, _third = words
    facts.add((), _table_kind(verb, thing))
    if verb == "DROP":
        if thing in ("INDEX", "KEY"):
            facts.add((), (Effect.DROP_INDEX_OR_VIEW,))
        elif thing not in ("FOREIGN", "CONSTRAINT", "CHECK", "PRIMARY", "DEFAULT"):
            facts.add((), (Effect.DROP,))
    elif verb == "TRUNCATE":
        facts.add((Action.WRITE,), (Effect.TRUNCATE,))
    elif verb == "DISCARD":
        facts.add((), (Effect.DROP,))
    elif verb == "IMPORT":
        facts.apply(_FILE)
    elif verb == "EXCHANGE":
        facts.add((Action.WRITE,), ())


_CONSTRAINTS = frozenset({"CONSTRAINT", "FOREIGN", "CHECK", "PRIMARY"})
_INDEXES = frozenset({"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"})
_NO_COLUMN = frozenset({"PARTITION", "PARTITIONS", "SYSTEM", "PERIOD"})
_TABLE_VERBS: Mapping[str, str] = {
    "ADD": "create",
    "ALTER": "alter",
    "CHANGE": "alter",
    "DROP": "drop",
    "MODIFY": "alter",
    "RENAME": "alter",
}


def _table_kind(verb: str, thing: str) -> tuple[Effect, ...]:
    """Which part of the table an action makes, changes or loses. COLUMN may be left out before a column's name."""
    if thing in _CONSTRAINTS:
        return of_kind(_TABLE_VERBS.get(verb, ""), "constraint")
    if thing in _INDEXES:
        return of_kind(_TABLE_VERBS.get(verb, ""), "index")
    if thing in _NO_COLUMN or (verb == "RENAME" and thing != "COLUMN"):
        return ()
    return of_kind(_TABLE_VERBS.get(verb, ""), "column")


def tables_after(tokens: Tokens, *words: str) -> list[tuple[str, ...]]:
    at = find(tokens, *words)
    rest: list[Token] = list(tokens[at + 1 :]) if at >= 0 else []
    return names_in(rest)

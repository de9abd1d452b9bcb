"""CREATE, ALTER, DROP and TRUNCATE: what is made, changed or lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from backends.mssql.batches import STARTS
from backends.mssql.relations import judge_relation
from backends.mssql.statements import GRANT, ROLE, SECRETS, SETTING
from backends.sqltree.facts import Facts, Verdict, verdict
from backends.sqltree.tokens import NAME, WORD, Tokens, find, split, words_of
from catalog.model import Locator
from policy.effects import Effect, of_kind
from policy.model import Action

Inner = Callable[[Tokens], Facts]
"""Judges the statements of a body."""

_CODE = frozenset({"PROC", "PROCEDURE", "FUNCTION", "TRIGGER"})
_PROGRAM = verdict(Action.ADMINISTER, Action.RUN, Effect.SERVER_PROGRAM)
_FOREIGN = verdict(Action.ADMINISTER, Action.TRANSFER, Effect.FOREIGN_SERVER)
_SECURITY = verdict(Action.ADMINISTER, Effect.ROW_SECURITY)
_KINDS: Mapping[str, Verdict] = {
    **dict.fromkeys(("LOGIN", "USER", "ROLE", "APPLICATION", "CREDENTIAL", "SERVER ROLE"), ROLE),
    **dict.fromkeys(("CERTIFICATE", "MASTER", "SYMMETRIC", "ASYMMETRIC", "COLUMN", "CRYPTOGRAPHIC"), SECRETS),
    **dict.fromkeys(("AUTHORIZATION",), verdict(Action.ADMINISTER, Effect.OWNERSHIP)),
    **dict.fromkeys(("SECURITY",), _SECURITY),
    **dict.fromkeys(("ASSEMBLY", "EXTERNAL LIBRARY", "EXTERNAL LANGUAGE", "EXTERNAL MODEL"), _PROGRAM),
    **dict.fromkeys(("EXTERNAL", "ENDPOINT", "REMOTE", "ROUTE", "AVAILABILITY"), _FOREIGN),
    **dict.fromkeys(("SERVER", "RESOURCE", "WORKLOAD", "EVENT"), SETTING),
    "SIGNATURE": GRANT,
    "SENSITIVITY": SECRETS,
}
"""First word of the kind → what making, changing or dropping it means, besides that."""
_PLAIN = frozenset(
    """
    TABLE VIEW INDEX DATABASE SCHEMA SEQUENCE SYNONYM TYPE STATISTICS DEFAULT RULE PARTITION FULLTEXT XML UNIQUE
    CLUSTERED NONCLUSTERED COLUMNSTORE SPATIAL PRIMARY SEARCH MESSAGE QUEUE SERVICE CONTRACT BROKER AGGREGATE
    SELECTIVE
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
_INDEX = frozenset({"INDEX", "UNIQUE", "CLUSTERED", "NONCLUSTERED", "COLUMNSTORE", "SPATIAL", "STATISTICS", "PRIMARY"})

KIND_NAMES: Mapping[str, str] = {
    **dict.fromkeys(_INDEX, "index"),
    **dict.fromkeys(_CODE - {"TRIGGER"}, "function"),
    "AGGREGATE": "function",
    "DATABASE": "database",
    "SCHEMA": "schema",
    "TABLE": "table",
    "TRIGGER": "trigger",
    "TYPE": "type",
    "VIEW": "view",
}
"""The kinds that effects tell apart."""
_BODY_STARTS = STARTS | {"WITH", "MERGE", "EXTERNAL", ";"}


def define(tokens: Tokens, inner: Inner) -> tuple[str, Facts]:
    """The statement's name and what it does."""
    facts, verb = Facts(), tokens[0].word
    at = 3 if words_of(tokens[1:], 2) == ("OR", "ALTER") else 1
    kind, second = words_of(tokens[at:], 2)
    special = _KINDS.get(f"{kind} {second}") or _KINDS.get(kind)
    if kind == "DATABASE" and second in ("SCOPED", "AUDIT", "ENCRYPTION"):
        special = ROLE if "CREDENTIAL" in {token.word for token in tokens} else SETTING
    if special is not None:
        facts.apply(special)
        facts.add((), {"CREATE": (Effect.CREATE,), "DROP": (Effect.DROP,)}.get(verb, (Effect.ALTER,)))
    elif kind in _CODE:
        _code(facts, tokens, at, inner)
    elif kind in _PLAIN:
        {"DROP": _drop, "ALTER": _alter}.get(verb, _create)(facts, tokens, at, inner)
    else:
        facts.unknown(f"this form of {verb} is not known")
    if Effect[verb] in facts.effects or Effect.DROP_INDEX_OR_VIEW in facts.effects:
        facts.add((), of_kind(verb.lower(), KIND_NAMES.get(kind, "")))
    return f"{verb} {kind}".strip(), facts


def name_at(tokens: Tokens, index: int) -> tuple[tuple[str, ...], int]:
    """A name and the place behind it; IF EXISTS is passed over."""
    while index < len(tokens) and tokens[index].word in ("IF", "EXISTS"):
        index += 1
    parts: list[str] = []
    pending = True
    while index < len(tokens):
        token = tokens[index]
        if pending and token.kind in (WORD, NAME):
            parts.append(token.value)
            pending = False
        elif token.word == "." and parts:
            if pending:
                parts.append("dbo")
            pending = True
        else:
            break
        index += 1
    return (tuple(parts) if len(parts) != 1 else ("", *parts)), index


def touch(facts: Facts, parts: tuple[str, ...]) -> None:
    if parts:
        facts.targets[Locator("table", parts)] = None
        facts.apply(judge_relation(parts, True))


def truncate(tokens: Tokens) -> Facts:
    facts = Facts()
    name, _end = name_at(tokens, 2)
    temporary = bool(name) and name[-1].startswith("#")
    facts.add((Action.WRITE,), (Effect.SESSION_STATE if temporary else Effect.TRUNCATE,))
    touch(facts, name)
    return facts


def _drop(facts: Facts, tokens: Tokens, at: int, _inner: Inner) -> None:
    kind = tokens[at].word
    if kind in _INDEX or kind == "VIEW":
        facts.add((Action.DEFINE,), (Effect.DROP_INDEX_OR_VIEW,))
        on = find(tokens, "ON")
        touch(facts, name_at(tokens, on + 1 if on > 0 else at + 1)[0])
        return
    names = [name_at(part, 0)[0] for part in split(tokens[at + 1 :], ",")]
    temporary = kind == "TABLE" and bool(names) and all(name and name[-1].startswith("#") for name in names)
    facts.add((Action.DEFINE,), (Effect.SESSION_STATE if temporary else Effect.DROP,))
    if kind == "DATABASE":
        facts.add((Action.ADMINISTER,), ())
    elif kind == "TABLE":
        for name in names:
            touch(facts, name)


def _create(facts: Facts, tokens: Tokens, at: int, inner: Inner) -> None:
    kind = tokens[at].word
    facts.add((Action.DEFINE,), (Effect.CREATE,))
    if kind in ("DATABASE", "SCHEMA"):
        facts.add((Action.ADMINISTER,), ())
        if "AUTHORIZATION" in {token.word for token in tokens}:
            facts.add((), (Effect.OWNERSHIP,))
        if {"GRANT", "DENY", "REVOKE"} & {token.word for token in tokens}:
            facts.apply(GRANT)
        if kind == "DATABASE" and {"FILENAME", "ATTACH", "FOR"} & {token.word for token in tokens}:
            facts.add((), (Effect.SERVER_FILE,))
        return
    on = find(tokens, "ON", start=at)
    name, end = name_at(tokens, on + 1 if kind in _INDEX and on > 0 else at + 1)
    touch(facts, name)
    if name and name[-1].startswith("#"):
        facts.add((), (Effect.SESSION_STATE,))
    if kind == "SYNONYM" and len(name_at(tokens, find(tokens, "FOR") + 1)[0]) > 3:
        facts.apply(_FOREIGN)
    body = find(tokens, "AS", start=end)
    if kind == "VIEW" and body > 0:
        query = list(tokens[body + 1 :])
        check = find(query, "WITH", start=1)
        facts.merge(inner(query[:check] if check > 0 and query[-1].word == "OPTION" else query))


def _code(facts: Facts, tokens: Tokens, at: int, inner: Inner) -> None:
    """Stored code: what its body does counts as if it were done."""
    verb, kind = tokens[0].word, tokens[at].word
    if verb == "DROP":
        facts.add((Action.DEFINE, Action.ADMINISTER), (Effect.DROP,))
        return
    facts.add((Action.DEFINE, Action.RUN), (Effect.CREATE if verb == "CREATE" else Effect.ALTER,))
    words = [token.word for token in tokens]
    body = _body_at(tokens, kind, at)
    header = words[:body] if body > 0 else words
    if any(pair in (("EXECUTE", "AS"), ("EXEC", "AS")) for pair in pairwise(header)):
        facts.apply(ROLE)
    if "EXTERNAL" in words[max(body, 0) : max(body, 0) + 2]:
        facts.apply(_PROGRAM)
        return
    if kind == "TRIGGER":
        on = find(tokens, "ON", start=at)
        if {"DATABASE", "SERVER"} & {token.word for token in tokens[on + 1 : on + 3]}:
            facts.add((Action.ADMINISTER,), ())
        else:
            touch(facts, name_at(tokens, on + 1)[0])
    if body < 0:
        facts.unknown("the body of the stored program is not understood")
    else:
        facts.merge(inner(tokens[body:]))


def _body_at(tokens: Tokens, kind: str, at: int) -> int:
    """Behind the AS that a statement follows: types of parameters may stand behind an AS as well."""
    for index in range(at + 1, len(tokens) - 1):
        if tokens[index].word == "AS" and tokens[index + 1].word in _BODY_STARTS:
            return index + 1
        if kind == "FUNCTION" and tokens[index].word == "RETURN":
            return index
    return -1


def _alter(facts: Facts, tokens: Tokens, at: int, inner: Inner) -> None:
    kind = tokens[at].word
    facts.add((Action.DEFINE,), (Effect.ALTER,))
    if kind == "VIEW":
        _create(facts, tokens, at, inner)
        return
    if kind == "DATABASE":
        _alter_database(facts, tokens)
        return
    if kind == "SCHEMA":
        facts.add((Action.ADMINISTER,), (Effect.OWNERSHIP,))
        return
    on = find(tokens, "ON", start=at)
    name, end = name_at(tokens, on + 1 if kind in _INDEX and on > 0 else at + 1)
    touch(facts, name)
    if kind == "TABLE":
        _alter_table(facts, tokens, end)


def _alter_database(facts: Facts, tokens: Tokens) -> None:
    words = {token.word for token in tokens}
    facts.add((Action.ADMINISTER,), ())
    if "SET" in words:
        facts.apply(SETTING)
    if "REMOVE" in words:
        facts.add((), (Effect.DROP,))
    if words & {"FILENAME", "FILE"}:
        facts.add((), (Effect.SERVER_FILE,))


def _alter_table(facts: Facts, tokens: Tokens, end: int) -> None:
    verb, thing = words_of(tokens[end:], 2)
    facts.add((), _table_kind(tokens[end:]))
    words = {token.word for token in tokens[end:]}
    if (verb == "DROP" and (thing not in ("CONSTRAINT", "PERIOD") or "COLUMN" in words)) or (
        verb == "DISABLE" and thing == "TRIGGER"
    ):
        facts.add((), (Effect.DROP,))
    elif verb == "SWITCH":
        facts.add((Action.WRITE,), (Effect.TRUNCATE,))
    elif verb == "ALTER" and "MASKED" in words and "DROP" in words:
        facts.apply(_SECURITY)


_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "DEFAULT"})
_TABLE_VERBS: Mapping[str, str] = {"ADD": "create", "ALTER": "alter", "DROP": "drop"}


def _table_kind(tokens: Tokens) -> tuple[Effect, ...]:
    """Which part of the table an action makes, changes or loses."""
    verb, thing = words_of(tokens, 2)
    if verb in ("DISABLE", "ENABLE") and thing == "TRIGGER":
        return (Effect.DROP_TRIGGER if verb == "DISABLE" else Effect.ALTER_TRIGGER,)
    if verb in ("WITH", "CHECK", "NOCHECK"):
        adds = "ADD" in words_of(tokens, 3)
        return (Effect.CREATE_CONSTRAINT if adds else Effect.ALTER_CONSTRAINT,)
    if thing in _CONSTRAINTS:
        both = ("constraint", "column") if "COLUMN" in {token.word for token in tokens} else ("constraint",)
        return tuple(effect for kind in both for effect in of_kind(_TABLE_VERBS.get(verb, ""), kind))
    return () if thing == "PERIOD" else of_kind(_TABLE_VERBS.get(verb, ""), "column")

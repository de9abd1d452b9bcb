"""SELECT, INSERT, UPDATE, DELETE and MERGE: what sqlglot does not read is judged here and taken out of the tokens."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from backends.mssql.definitions import name_at
from backends.mssql.functions import DANGEROUS
from backends.mssql.lexer import quoted
from backends.sqltree.facts import Facts
from backends.sqltree.judge import judge
from backends.sqltree.language import Language
from backends.sqltree.nodes import LOCK_HINTS
from backends.sqltree.tokens import NAME, SIGN, WORD, Token, Tokens, closing, find, word
from backends.sqltree.walk import names_before_parentheses
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Steer

_HINTS = LOCK_HINTS | {"NOLOCK", "READUNCOMMITTED", "READCOMMITTED", "ROWLOCK", "READPAST", "NOWAIT", "REPEATABLEREAD"}
_HINTS |= {"KEEPIDENTITY", "KEEPDEFAULTS", "IGNORE_CONSTRAINTS", "IGNORE_TRIGGERS", "FORCESEEK", "SNAPSHOT", "NOEXPAND"}
_VERBS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "SELECT"})
_OUTPUT_ENDS = ("WHERE", "FROM", "VALUES", "SELECT", "DEFAULT", "EXEC", "EXECUTE", "OPTION")
_CURRENT_ROW = "warded current row"
"""A column that is not there: WHERE CURRENT OF a cursor chooses one row."""


def judge_data(tokens: Tokens, language: Language, execute: Callable[[Tokens], Facts]) -> Facts:
    """What a statement on data does. `execute` judges the EXEC of INSERT … EXEC."""
    found = Facts()
    for name in names_before_parentheses(tokens):
        found.apply(DANGEROUS.get(name))
    kept = _names(list(tokens))
    verb_at = _verb_at(kept)
    verb = kept[verb_at].word if verb_at >= 0 else ""
    if verb in ("INSERT", "UPDATE", "DELETE"):
        kept = _without_top(kept, verb_at)
        kept = _without_option(kept)
        kept = _without_output(kept, verb_at, language, found)
    if verb == "INSERT":
        kept = _insert(kept, verb_at, found, execute)
    if verb == "DELETE":
        kept = _one_from(kept, verb_at)
    kept = _current_row(_without_bare_hints(kept, found))
    facts = judge(kept, language)
    facts.merge(found)
    return facts


def _names(tokens: list[Token]) -> list[Token]:
    """`db..t` leaves out the schema, which is then the user's own."""
    if not any(before.word == "." == token.word for before, token in pairwise(tokens)):
        return tokens
    kept: list[Token] = []
    for token in tokens:
        if token.word == "." and kept and kept[-1].word == ".":
            kept.append(word("dbo"))
        kept.append(token)
    return kept


def _verb_at(tokens: Tokens) -> int:
    return find(tokens, *_VERBS)


def _without_top(tokens: list[Token], verb_at: int) -> list[Token]:
    """TOP takes some rows, it does not choose them."""
    at = verb_at + 1
    if at >= len(tokens) or tokens[at].word != "TOP":
        return tokens
    end = closing(tokens, at + 1) + 1 if tokens[at + 1 : at + 2] and tokens[at + 1].word == "(" else at + 2
    if end < len(tokens) and tokens[end].word == "PERCENT":
        end += 1
    return tokens[:at] + tokens[end:]


def _without_option(tokens: list[Token]) -> list[Token]:
    at = find(tokens, "OPTION")
    return tokens[:at] if at > 0 else tokens


def _without_output(tokens: list[Token], verb_at: int, language: Language, found: Facts) -> list[Token]:
    """OUTPUT deleted.x [INTO t (c)]: reads what was written, and may write it elsewhere."""
    at = find(tokens, "OUTPUT", start=verb_at)
    if at < 0:
        return tokens
    end = find(tokens, *_OUTPUT_ENDS, start=at + 1)
    end = end if end > 0 else len(tokens)
    clause = tokens[at + 1 : end]
    into = find(clause, "INTO")
    shown = clause[:into] if into >= 0 else clause
    told = judge([word("SELECT"), *shown, word("FROM"), word("deleted"), SIGN_COMMA, word("inserted")], language)
    if into >= 0:
        told.steer_all("transform")
    _name_pseudo_tables(told, _target(tokens, verb_at))
    found.merge(told)
    if into >= 0 and not (clause[into + 1 : into + 2] and clause[into + 1].kind == "variable"):
        target = clause[into + 1 :]
        found.merge(judge([word("INSERT"), word("INTO"), *target, word("DEFAULT"), word("VALUES")], language))
    return tokens[:at] + tokens[end:]


SIGN_COMMA = Token(SIGN, ",", ",", ",", 0, 0)


def _target(tokens: Tokens, verb_at: int) -> tuple[str, ...]:
    """The table that a write names, () where the name may be an alias."""
    at = verb_at + 1
    while at < len(tokens) and tokens[at].word in ("INTO", "FROM"):
        at += 1
    name, end = name_at(tokens, at)
    return () if find(tokens, "FROM", start=end) > 0 else name


def _name_pseudo_tables(told: Facts, target: tuple[str, ...]) -> None:
    """`inserted` and `deleted` are rows of the table that is written; where it is not known, of any table."""
    table = target or ("", "")
    for place in list(told.targets):
        if _is_pseudo(place):
            del told.targets[place]
    for place in list(told.columns):
        if _is_pseudo(place):
            del told.columns[place]
            told.columns[_place(place, table)] = None
    for steer in list(told.steering):
        if _is_pseudo(steer.locator):
            del told.steering[steer]
            told.steering[Steer(steer.use, _place(steer.locator, table))] = None


def _is_pseudo(place: Locator) -> bool:
    return place.path[1:2] in (("inserted",), ("deleted",))


def _place(place: Locator, table: tuple[str, ...]) -> Locator:
    return Locator("column", (*table, "*" if place.kind == "table" else place.path[-1]))


def _insert(tokens: list[Token], verb_at: int, found: Facts, execute: Callable[[Tokens], Facts]) -> list[Token]:
    """INSERT … EXEC runs a procedure; hints after the target are no column list."""
    at = find(tokens, "EXEC", "EXECUTE", start=verb_at)
    if at > 0:
        found.merge(execute(tokens[at:]))
        tokens = [*tokens[:at], word("DEFAULT"), word("VALUES")]
    with_at = find(tokens, "WITH", start=verb_at + 1)
    if with_at > 0 and with_at + 1 < len(tokens) and tokens[with_at + 1].word == "(":
        end = closing(tokens, with_at + 1)
        _note_locks(tokens[with_at:end], found)
        tokens = tokens[:with_at] + tokens[end + 1 :]
    return tokens


def _note_locks(hints: Tokens, found: Facts) -> None:
    if any(token.word in LOCK_HINTS for token in hints):
        found.add((Action.WRITE,), (Effect.LOCK,))


def _one_from(tokens: list[Token], verb_at: int) -> list[Token]:
    """DELETE FROM target FROM sources is DELETE target FROM sources."""
    first = find(tokens, "FROM", start=verb_at)
    second = find(tokens, "FROM", start=first + 1) if first == verb_at + 1 else -1
    return tokens[:first] + tokens[first + 1 :] if second > 0 else tokens


def _without_bare_hints(tokens: list[Token], found: Facts) -> list[Token]:
    """`FROM t (NOLOCK)`, the old form without WITH."""
    if _HINTS.isdisjoint([token.word for token in tokens]):
        return tokens
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        after = tokens[index + 1 : index + 3]
        bare = tokens[index].word == "(" and kept and kept[-1].kind in (WORD, NAME) and kept[-1].word != "WITH"
        if bare and len(after) == 2 and after[0].word in _HINTS and after[1].word == ")":
            _note_locks(after, found)
            index += 3
            continue
        kept.append(tokens[index])
        index += 1
    return kept


def _current_row(tokens: list[Token]) -> list[Token]:
    at = find(tokens, "CURRENT")
    if at < 0 or tokens[at + 1 : at + 2] == [] or tokens[at + 1].word != "OF":
        return tokens
    row = Token(NAME, "", _CURRENT_ROW, quoted(_CURRENT_ROW), 0, 0)
    end = at + 4 if tokens[at + 2 : at + 3] and tokens[at + 2].word == "GLOBAL" else at + 3
    return [*tokens[:at], row, Token(SIGN, "=", "=", "=", 0, 0), word("5"), *tokens[end:]]

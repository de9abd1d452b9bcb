"""A batch → its statements, each judged: by its first words, by its own rules, or through sqlglot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from backends.mssql.batches import Part, parts
from backends.mssql.data import judge_data
from backends.mssql.definitions import define, name_at, touch, truncate
from backends.mssql.functions import HARMLESS, judge_function
from backends.mssql.lexer import lex
from backends.mssql.procedures import execute
from backends.mssql.relations import judge_relation
from backends.mssql.statements import (
    DBCC,
    HARMLESS_SETTINGS,
    ON_ONLY,
    PLAIN_READ,
    SERVER,
    SESSION,
    SETTING,
    STATEMENTS,
    STEERING,
    TRANSACTION,
)
from backends.mssql.variables import known_values, may_never_end, walks_a_cursor, with_values
from backends.sqltree.facts import Facts
from backends.sqltree.grammar import typed_functions
from backends.sqltree.language import Language
from backends.sqltree.operation import Judged
from backends.sqltree.tokens import (
    NAME,
    STRING,
    VARIABLE,
    WORD,
    NotUnderstoodError,
    Token,
    Tokens,
    check_shape,
    find,
    split,
    word,
    words_of,
)
from policy.effects import Effect
from policy.model import Action

_DATA = frozenset({"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "("})
_DEFINITIONS = frozenset({"CREATE", "ALTER", "DROP"})
_BETWEEN_ARGUMENTS = frozenset({"OUT", "OUTPUT", "WITH", "RECOMPILE", "RESULT", "SETS"})
_SHORT_WAIT = re.compile(r"\s*0{1,2}:0{1,2}(:0?\d(\.\d+)?|:10)?\s*")
_TYPED = typed_functions("tsql")
_WRITES = frozenset({Effect.SCOPED_UPDATE, Effect.SCOPED_DELETE})
_MAX_TEXTS = 8  # SQL texts inside strings that one text may bring along, inside each other


def judge_text(text: str, parameters: Sequence[object]) -> list[Judged]:
    """The statements of a text. Raises NotUnderstoodError for what no server would read."""
    language = Language(
        dialect="tsql",
        harmless=HARMLESS,
        typed=_TYPED,
        judge_function=judge_function,
        judge_relation=judge_relation,
        temporary="#",
        parameters=tuple(parameters),
    )
    tokens = lex(text)
    check_shape(tokens)
    return _Judge(language).all(tokens)


class _Judge:
    """Judges statements of one text; `depth` counts texts inside texts."""

    def __init__(self, language: Language, depth: int = 0) -> None:
        self._language, self._depth = language, depth

    def all(self, tokens: Tokens) -> list[Judged]:
        found = [part for part in parts(tokens) if part.tokens]
        values = known_values(found) if len(found) > 1 else {}
        judged = [self._judged(part, values) for part in found]
        for part, item in zip(found, judged, strict=True):
            if may_never_end(part, tokens):
                item.facts.add((), (Effect.RESOURCE_EXHAUSTION,))
            if item.facts.effects & _WRITES and len(found) > 1 and walks_a_cursor(tokens):
                item.facts.add((), (Effect.SUSPICIOUS_PREDICATE,))
        return judged

    def _judged(self, part: Part, values: Mapping[str, Token]) -> Judged:
        try:
            kind, facts = self._judge(part._replace(tokens=with_values(part.tokens, values)))
        except NotUnderstoodError as error:
            kind, facts = part.tokens[0].word, Facts()
            facts.unknown(str(error))
        if not facts.actions:
            facts.unknown("this statement is not known")
        tokens = part.tokens if part.tokens[0].end else part.tokens[3:]
        return Judged(kind, tokens, facts, counts=part.counts and kind not in STEERING)

    def _judge(self, part: Part) -> tuple[str, Facts]:
        tokens = part.tokens
        first, second = words_of(tokens, 2)
        known = STATEMENTS.get((first, second)) or STATEMENTS.get((first,))
        if first in _DATA and known is None:
            return self._kind(tokens), self._data(tokens)
        if known is not None:
            return first, self._known(tokens, known)
        special = {
            "DECLARE": self._declare,
            "SET": self._set,
            "EXEC": self._execute,
            "EXECUTE": self._execute,
            "DBCC": _dbcc,
            "TRUNCATE": truncate,
            "PRINT": self._values,
            "RAISERROR": self._values,
            "RETURN": self._values,
            "THROW": self._values,
        }.get(first)
        if special is not None:
            return first, special(tokens)
        if first in _DEFINITIONS and len(tokens) > 1:
            return define(tokens, self._body)
        if part.first and tokens[0].kind in (WORD, NAME) and not _is_prose(tokens):
            return "EXEC", self._execute([word("EXEC"), *tokens])
        facts = Facts()
        facts.unknown("this statement is not known")
        return first, facts

    @staticmethod
    def _kind(tokens: Tokens) -> str:
        at = find(tokens, "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE")
        return tokens[at].word if at >= 0 else "SELECT"

    def _data(self, tokens: Tokens) -> Facts:
        return judge_data(tokens, self._language, self._execute)

    def _known(self, tokens: Tokens, known: object) -> Facts:
        facts = Facts()
        facts.apply(known)  # type: ignore[arg-type]
        if tokens[0].word == "BULK":
            touch(facts, name_at(tokens, 2)[0])
        if tokens[0].word == "WAITFOR" and not _is_short_wait(tokens):
            facts.add((), (Effect.RESOURCE_EXHAUSTION,))
        return facts

    def _body(self, tokens: Tokens) -> Facts:
        facts = Facts()
        for item in self.all(tokens):
            facts.merge(item.facts)
        return facts

    def _again(self, text: str) -> Facts:
        """SQL inside a string."""
        if self._depth >= _MAX_TEXTS:
            raise NotUnderstoodError("SQL texts are nested too deeply")
        tokens = lex(text)
        check_shape(tokens)
        facts = _Judge(self._language, self._depth + 1)._body(tokens)
        if not facts.actions:
            facts.apply(PLAIN_READ)
        return facts

    def _execute(self, tokens: Tokens) -> Facts:
        return execute(tokens, self._again)

    def _values(self, tokens: Tokens) -> Facts:
        """PRINT, RAISERROR, THROW, RETURN: their arguments are expressions."""
        facts = Facts()
        facts.apply(PLAIN_READ)
        rest = list(tokens[1:])
        option = find(rest, "WITH")
        rest = rest[:option] if option > 0 else rest
        if rest and rest[0].word == "(" and rest[-1].word == ")" and tokens[0].word == "RAISERROR":
            rest = rest[1:-1]
        if tokens[0].word == "RETURN" and rest and rest[0].word in ("SELECT", "WITH"):
            facts.merge(self._data(rest))
        elif rest:
            facts.merge(self._data([word("SELECT"), *rest]))
        return facts

    def _declare(self, tokens: Tokens) -> Facts:
        """Variables may have a value, cursors have a query."""
        facts = Facts()
        facts.apply(PLAIN_READ)
        if find(tokens, "CURSOR") > 0:
            facts.apply(SESSION)
            query = find(tokens, "FOR")
            if query > 0:
                facts.merge(self._data(_without_for_update(tokens[query + 1 :])))
            return facts
        for part in split(tokens[1:], ","):
            at = find(part, "=")
            if at > 0 and at + 1 < len(part):
                facts.merge(self._data([word("SELECT"), *part[at + 1 :]]))
        return facts

    def _set(self, tokens: Tokens) -> Facts:
        facts = Facts()
        first, second = words_of(tokens[1:], 2)
        if len(tokens) > 3 and tokens[1].kind == VARIABLE:
            return self._assign(tokens)
        if first == "TRANSACTION" or first == "IMPLICIT_TRANSACTIONS":
            facts.apply(TRANSACTION)
        elif first in HARMLESS_SETTINGS or (first in ON_ONLY and second == "ON") or first == "CONTEXT_INFO":
            facts.apply(SESSION)
        elif first == "ROWCOUNT" and [token.plain for token in tokens[2:]] == ["0"]:
            facts.apply(SESSION)  # as it is from the start: no limit
        else:
            facts.apply(SETTING)
        return facts

    def _assign(self, tokens: Tokens) -> Facts:
        facts = Facts()
        facts.apply(PLAIN_READ)
        query = find(tokens, "FOR") if find(tokens, "CURSOR") > 0 else -1
        if query > 0:
            facts.merge(self._data(_without_for_update(tokens[query + 1 :])))
            return facts
        at = next((i for i, token in enumerate(tokens) if token.plain == "=" and i > 1), -1)
        if at < 0:
            facts.merge(self._data([word("SELECT"), *tokens[1:]]))
        elif at + 1 < len(tokens):
            facts.merge(self._data([word("SELECT"), *tokens[at + 1 :]]))
        return facts


def _is_short_wait(tokens: Tokens) -> bool:
    """WAITFOR DELAY 'hh:mm:ss' of at most ten seconds."""
    given = tokens[2].value if len(tokens) > 2 and tokens[1].word == "DELAY" and tokens[2].kind == STRING else ""
    return _SHORT_WAIT.fullmatch(given) is not None


def _is_prose(tokens: Tokens) -> bool:
    """Arguments of a procedure have commas between them."""
    return any(
        before.kind == token.kind == WORD and not {before.word, token.word} & _BETWEEN_ARGUMENTS
        for before, token in pairwise(tokens[1:])
    )


def _without_for_update(tokens: Tokens) -> list[Token]:
    at = find(tokens, "FOR")
    rest = tokens[at + 1 : at + 2] if at > 0 else ()
    return list(tokens[:at]) if rest and rest[0].word in ("UPDATE", "READ") else list(tokens)


def _dbcc(tokens: Tokens) -> Facts:
    facts = Facts()
    words = {token.word for token in tokens} | {token.value.upper() for token in tokens if token.kind == STRING}
    facts.apply(DBCC.get(words_of(tokens, 2)[1], SERVER))
    if any(item.startswith("REPAIR") for item in words):
        facts.add((Action.ADMINISTER,), (Effect.DROP,))
    if "CLEAR" in words or "RESEED" in words:
        facts.add((Action.ADMINISTER,), (Effect.MAINTENANCE,))
    return facts

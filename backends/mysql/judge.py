"""A text → its statements, each judged: by its first words, by its own rules, or through sqlglot."""

from __future__ import annotations

from collections.abc import Sequence

from backends.mysql.bodies import body_statements
from backends.mysql.data import judge_data
from backends.mysql.definitions import define, name_at, tables_after, touch, truncate
from backends.mysql.functions import HARMLESS, judge_function
from backends.mysql.lexer import Lexed, lex
from backends.mysql.relations import judge_relation
from backends.mysql.settings import set_statement
from backends.mysql.statements import CATALOG, SESSION, STATEMENTS, WITH_TABLE
from backends.sqltree.facts import DYNAMIC_CODE, Facts, verdict
from backends.sqltree.grammar import typed_functions
from backends.sqltree.language import Language
from backends.sqltree.operation import Judged
from backends.sqltree.tokens import (
    NAME,
    STRING,
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
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action

_DATA = frozenset({"SELECT", "WITH", "(", "TABLE", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"})
_ANALYZED = (_DATA - {"TABLE"}) | {"FORMAT"}
_DEFINITIONS = frozenset({"CREATE", "ALTER", "DROP"})
_TYPED = typed_functions("mysql")
_MAX_TEXTS = 8  # SQL texts inside strings that one text may bring along, inside each other
_SECRETS = verdict(Action.READ, Effect.CATALOG_READ, Effect.CATALOG_SECRETS)


def judge_text(text: str, parameters: Sequence[object]) -> list[Judged]:
    """The statements of a text. Raises NotUnderstoodError for what no server would read."""
    lexed = lex(text)
    check_shape(lexed.tokens)
    judge = _Judge(
        Language(
            dialect="mysql",
            harmless=HARMLESS,
            typed=_TYPED,
            judge_function=judge_function,
            judge_relation=judge_relation,
            parameters=tuple(parameters),
        )
    )
    found = [judge.judged(part) for part in _statements(lexed.tokens)]
    _note(found, lexed)
    return found


def _statements(tokens: Tokens) -> list[list[Token]]:
    """Stored programs hold semicolons of their own: such a text is one statement."""
    first, second = words_of(tokens, 2)
    if (
        first == "CREATE"
        and second != "TABLE"
        and {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"} & {token.word for token in tokens[1:24]}
    ):
        return [list(tokens)]
    return [part for part in split(tokens, ";") if part]


def _note(found: list[Judged], lexed: Lexed) -> None:
    """What the comments add: SET_VAR in a hint is a setting, a conditional comment leaves the text open."""
    for item in found[:1]:
        if any("SET_VAR" in hint.upper() for hint in lexed.hints):
            item.facts.add((Action.ADMINISTER,), (Effect.SETTING_CHANGE,))
        if lexed.problem:
            item.facts.unknown(lexed.problem)


class _Judge:
    """Judges statements of one text; `depth` counts texts inside texts."""

    def __init__(self, language: Language, depth: int = 0) -> None:
        self._language, self._depth = language, depth

    def judged(self, tokens: Tokens) -> Judged:
        try:
            kind, facts = self._judge(tokens)
        except NotUnderstoodError as error:
            kind, facts = tokens[0].word, Facts()
            facts.unknown(str(error))
        if not facts.actions:
            facts.unknown("this statement is not known")
        return Judged(kind, tokens, facts)

    def _judge(self, tokens: Tokens) -> tuple[str, Facts]:
        first, second = words_of(tokens, 2)
        if first in _DATA:
            return _kind_of(tokens), judge_data(tokens, self._language, planned=False)
        if first in ("EXPLAIN", "DESCRIBE", "DESC") or (first == "ANALYZE" and second in _ANALYZED):
            return self._explain(tokens)
        special = {
            "SET": lambda: set_statement(tokens, self._value),
            "SHOW": lambda: self._show(tokens),
            "DO": lambda: self._value([word("SELECT"), *tokens[1:]]),
            "PREPARE": lambda: self._prepare(tokens, "FROM"),
            "HANDLER": lambda: _handler(tokens),
            "TRUNCATE": lambda: truncate(tokens),
            "CALL": lambda: self._call(tokens),
        }.get(first)
        if special is not None and len(tokens) > 1:
            return first, special()
        if first == "EXECUTE" and second == "IMMEDIATE":
            return first, self._prepare(tokens, "IMMEDIATE")
        known = self._by_first_words(tokens)
        if known is not None:
            return " ".join(words_of(tokens, 2)).strip(), known
        if first in _DEFINITIONS:
            return define(tokens, self._inner)
        facts = Facts()
        facts.unknown("this statement is not known")
        return first, facts

    def _by_first_words(self, tokens: Tokens) -> Facts | None:
        facts, words = Facts(), words_of(tokens, 3)
        if words[:2] == ("CREATE", "OR") and words[2] == "REPLACE" and len(tokens) > 4:
            words = ("CREATE", tokens[3].word, tokens[4].word)
        found = STATEMENTS.get(words) or STATEMENTS.get(words[:2]) or STATEMENTS.get(words[:1])
        if found is None:
            return None
        facts.apply(found)
        if words[0] in WITH_TABLE:
            for name in tables_after(tokens, "TABLE", "TABLES"):
                touch(facts, name)
                facts.columns[Locator("table", name)] = None
            facts.steer_all("aggregate")
        return facts

    def _value(self, tokens: Tokens) -> Facts:
        """An expression, as a SELECT without a table."""
        return judge_data(tokens, self._language, planned=False)

    def _inner(self, tokens: Tokens) -> Facts:
        """A query, or the body of a stored program: each of its statements counts."""
        facts = Facts()
        for part in body_statements(tokens):
            facts.merge(self.judged(part).facts)
        return facts

    def _explain(self, tokens: Tokens) -> tuple[str, Facts]:
        """A plan alone runs nothing; with ANALYZE the statement runs. EXPLAIN t describes a table."""
        facts, at, analyzed = Facts(), 1, tokens[0].word == "ANALYZE"
        while at < len(tokens) and tokens[at].word in ("ANALYZE", "EXTENDED", "PARTITIONS", "FORMAT"):
            analyzed = analyzed or tokens[at].word == "ANALYZE"
            at += 3 if tokens[at].word == "FORMAT" else 1
        rest = tokens[at:]
        if not rest:
            raise NotUnderstoodError("the statement ends too early")
        if rest[0].word == "FOR":
            facts.add((Action.READ,), (Effect.CATALOG_SECRETS, Effect.PLAN_ONLY))
            return "EXPLAIN", facts
        if rest[0].word not in _DATA:
            facts.apply(CATALOG)
            name, _end = name_at(rest, 0)
            if not name or rest[0].kind not in (WORD, NAME):
                facts.unknown("what is to be described is not named")
            touch_read(facts, name)
            return "DESCRIBE", facts
        facts.merge(judge_data(rest, self._language, planned=not analyzed))
        facts.add((Action.READ,), (Effect.READ, Effect.ANALYZE if analyzed else Effect.PLAN_ONLY))
        return "EXPLAIN", facts

    def _show(self, tokens: Tokens) -> Facts:
        facts = Facts()
        facts.apply(CATALOG)
        words = {token.word for token in tokens[1:4]}
        if ("CREATE" in words and "USER" in words) or words & {"BINLOG", "RELAYLOG"}:
            facts.apply(_SECRETS)
        where = find(tokens, "WHERE")
        if where > 0:
            facts.merge(self._value([word("SELECT"), *tokens[where + 1 :]]))
        source = next((i for i, token in enumerate(tokens[1:4], 1) if token.word in ("FROM", "IN", "TABLE", "VIEW")), 0)
        if source and words & {"COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS", "TABLE", "VIEW"}:
            touch_read(facts, name_at(tokens, source + 1)[0])
        return facts

    def _prepare(self, tokens: Tokens, before: str) -> Facts:
        """SQL in a literal is judged; in a variable it cannot be."""
        facts = Facts()
        if before == "FROM":
            facts.apply(SESSION)
        at = find(tokens, before)
        text = tokens[at + 1] if 0 < at < len(tokens) - 1 else None
        if text is None or text.kind != STRING or (at + 2 < len(tokens) and tokens[at + 2].word != "USING"):
            facts.apply(DYNAMIC_CODE)
        elif self._depth >= _MAX_TEXTS:
            facts.unknown("SQL texts are nested too deeply")
        else:
            deeper = _Judge(self._language, self._depth + 1)
            lexed = lex(text.value)
            check_shape(lexed.tokens)
            found = [deeper.judged(part) for part in _statements(lexed.tokens)]
            _note(found, lexed)
            for item in found:
                facts.merge(item.facts)
            if len(found) != 1:
                facts.apply(DYNAMIC_CODE)
        return facts

    def _call(self, tokens: Tokens) -> Facts:
        facts = Facts()
        facts.apply(STATEMENTS[("CALL",)])
        at = find(tokens, "(")
        arguments = tokens[at:] if at > 0 else ()
        if len(arguments) > 2:
            facts.merge(self._value([word("SELECT"), *arguments[1:-1]]))
        return facts


def touch_read(facts: Facts, name: tuple[str, ...]) -> None:
    before = set(facts.actions), set(facts.effects)
    touch(facts, name)
    facts.actions, facts.effects = before
    if name:
        facts.apply(judge_relation(name, False))


def _handler(tokens: Tokens) -> Facts:
    """HANDLER reads a table without SELECT, row by row, over statements."""
    facts = Facts()
    facts.apply(SESSION)
    name, _end = name_at(tokens, 1)
    touch_read(facts, name)
    if name:
        facts.columns[Locator("table", name)] = None
    facts.steer_all("row")
    facts.opaque = True
    return facts


def _kind_of(tokens: Tokens) -> str:
    """The verb behind a WITH or an opening parenthesis."""
    first = tokens[0].word
    if first != "WITH":
        return "SELECT" if first in ("(", "TABLE", "VALUES") else first
    at = find(tokens, "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE")
    return tokens[at].word if at > 0 else "SELECT"

"""The smallest change that would pass, in words and, where it can be, in SQL."""

from __future__ import annotations

from collections.abc import Mapping

from backends.sqltree.facts import Facts
from backends.sqltree.tokens import NAME, WORD, Tokens, find
from policy.effects import CREATED, Effect

MULTIPLE_STATEMENTS = "Send one statement per call."
MAX_QUOTED = 120  # characters of the statement that a suggestion repeats

GENERAL: Mapping[Effect, str] = {
    Effect.TRUNCATE: "Delete only the rows you mean: DELETE FROM {table} WHERE id = …",
    Effect.DROP: "Nothing here can be brought back once it is dropped. Rename it instead, or ask the owner to drop it.",
    Effect.DROP_INDEX_OR_VIEW: "Ask for approval; the definition is needed to build it again.",
    Effect.SERVER_PROGRAM: "Programs on the database host are out of reach. Return the rows with SELECT instead.",
    Effect.SERVER_FILE: "Files on the database host are out of reach. Return the rows with SELECT instead.",
    Effect.FOREIGN_SERVER: "Query the other system as a resource of its own.",
    Effect.ROLE_CHANGE: "Leave out the change of users: every call runs as the login the gateway chose.",
    Effect.GRANT: "Ask the database's administrators to change rights.",
    Effect.OWNERSHIP: "Ask the database's administrators to change owners.",
    Effect.ROW_SECURITY: "Ask the database's administrators to change row security.",
    Effect.CATALOG_WRITE: "Use the statement made for it (ALTER TABLE …); do not write to system tables.",
    Effect.CATALOG_SECRETS: "Use information_schema, which holds no data or credentials.",
    Effect.SETTING_CHANGE: "Leave out the setting: limits and modes are fixed by the gateway.",
    Effect.TRANSACTION_CONTROL: "Leave out BEGIN, COMMIT and ROLLBACK: every call is a transaction of its own.",
    Effect.DYNAMIC_CODE: "Send the inner statement by itself, as plain SQL, so that it can be judged.",
    Effect.UNKNOWN_FUNCTION: "Use built-in functions only, or ask for approval of this one.",
    Effect.COPY_IN: "Use INSERT … VALUES with placeholders.",
    Effect.LOCK: "Leave out the lock: it stops other people's work.",
    Effect.ANALYZE: "Use EXPLAIN without ANALYZE: it shows the plan and runs nothing.",
    Effect.SESSION_STATE: "Send the query itself: nothing outlives the call.",
    Effect.MERGE: "Write the INSERT and the UPDATE … WHERE as two calls.",
    Effect.MAINTENANCE: "Ask the database's administrators.",
}
"""Effect → advice, in the order of which matters most."""

HARMLESS = frozenset({Effect.READ, Effect.CATALOG_READ, Effect.PLAN_ONLY, Effect.INSERT, Effect.CREATE, *CREATED})
_MISSING = frozenset({Effect.UNBOUNDED_DELETE, Effect.UNBOUNDED_UPDATE})
_EMPTY = frozenset({Effect.TAUTOLOGICAL_DELETE, Effect.TAUTOLOGICAL_UPDATE})
_AFTER_TABLE = frozenset({"FROM", "UPDATE", "TABLE", "INTO", "TRUNCATE"})
_ENDS = ("ORDER", "LIMIT", "RETURNING", "OPTION", "GROUP")


def suggest(kind: str, facts: Facts, tokens: Tokens, text: str) -> str:
    """Advice for one statement; "" when there is nothing to object to."""
    if facts.problem:
        return "Write the statement more plainly."
    if facts.effects <= HARMLESS:
        return ""
    if facts.effects & (_MISSING | _EMPTY | {Effect.SUSPICIOUS_PREDICATE}):
        return _about_rows(kind, facts, tokens, text)
    table = _table(tokens)
    return next((advice.format(table=table) for effect, advice in GENERAL.items() if effect in facts.effects), "")


def _about_rows(kind: str, facts: Facts, tokens: Tokens, text: str) -> str:
    table, predicate = _table(tokens), _predicate(tokens, text)
    example = {"DELETE": f"DELETE FROM {table}", "UPDATE": f"UPDATE {table} SET …"}.get(kind, "…") + " WHERE id = …"
    quoted = f"`{predicate}`" if predicate else "the condition"
    if facts.effects & _EMPTY:
        return f"Replace {quoted}, which is true for every row, by a condition that names the rows, e.g. {example}"
    if facts.effects & _MISSING:
        if predicate:
            return f"Add to {quoted} a condition on the table's own rows, e.g. {example}"
        return f"Add a WHERE clause that names the rows, e.g. {example}"
    return f"{quoted[0].upper()}{quoted[1:]} seems to cover every row. Name the rows you mean, e.g. {example}"


def _table(tokens: Tokens) -> str:
    """The first name after a word that a table follows."""
    for index, token in enumerate(tokens[:-1]):
        if token.word in _AFTER_TABLE and tokens[index + 1].kind in (WORD, NAME):
            end = index + 2
            while end + 1 < len(tokens) and tokens[end].word == ".":
                end += 2
            if tokens[index + 1].word not in _AFTER_TABLE:
                return "".join(item.value if item.kind == WORD else item.plain for item in tokens[index + 1 : end])
    return "the_table"


def _predicate(tokens: Tokens, text: str) -> str:
    """The WHERE clause as it was written, if it is short."""
    start = find(tokens, "WHERE")
    if start < 0 or start + 1 >= len(tokens):
        return ""
    end = find(tokens, *_ENDS, start=start)
    last = tokens[end - 1] if end > start + 1 else tokens[-1]
    clause = text[tokens[start + 1].start : last.end].strip()
    return clause if len(clause) <= MAX_QUOTED else ""

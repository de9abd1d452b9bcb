"""The smallest change that would pass, in words and, where it can be, in SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backends.postgres.facts import Facts
from policy.effects import CREATED, Effect

MULTIPLE_STATEMENTS = "Send one statement per call."
MAX_QUOTED = 120  # characters of the statement that a suggestion repeats
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_AFTER_WHERE = re.compile(r"\bRETURNING\b.*", re.IGNORECASE | re.DOTALL)

GENERAL: Mapping[Effect, str] = {
    Effect.TRUNCATE: "Delete only the rows you mean: DELETE FROM {table} WHERE id = …",
    Effect.DROP: "Nothing here can be brought back once it is dropped. Rename it instead, or ask the owner to drop it.",
    Effect.DROP_INDEX_OR_VIEW: "Ask for approval; the definition is needed to build it again.",
    Effect.SERVER_PROGRAM: "Programs on the database host are out of reach. Return the rows with SELECT instead.",
    Effect.SERVER_FILE: "Files on the database host are out of reach. Return the rows with SELECT instead.",
    Effect.FOREIGN_SERVER: "Query the other system as a resource of its own.",
    Effect.ROLE_CHANGE: "Leave out the role change: every call runs as the login the gateway chose.",
    Effect.GRANT: "Ask the database's administrators to change rights.",
    Effect.OWNERSHIP: "Ask the database's administrators to change owners.",
    Effect.ROW_SECURITY: "Ask the database's administrators to change row security.",
    Effect.CATALOG_WRITE: "Use the statement made for it (ALTER TABLE, COMMENT …); do not write to catalogs.",
    Effect.CATALOG_SECRETS: "Use information_schema, pg_class or pg_attribute, which hold no data or credentials.",
    Effect.SETTING_CHANGE: "Leave out the setting: time limits and search path are fixed by the gateway.",
    Effect.TRANSACTION_CONTROL: "Leave out BEGIN, COMMIT and ROLLBACK: every call is a transaction of its own.",
    Effect.SESSION_STATE: "Send the query itself: nothing outlives the call, neither cursors nor temporary tables.",
    Effect.DYNAMIC_CODE: "Send the inner statement by itself, as plain SQL, so that it can be judged.",
    Effect.UNKNOWN_FUNCTION: "Use built-in functions only, or ask for approval of this one.",
    Effect.LARGE_OBJECT: "Work on the tables that refer to the large objects.",
    Effect.COPY_OUT: "Use SELECT, with LIMIT if the table is large.",
    Effect.COPY_IN: "Use INSERT … VALUES with placeholders.",
    Effect.LOCK: "Leave out the lock: LOCK TABLE, FOR UPDATE and advisory locks stop other people's work.",
    Effect.ANALYZE: "Use EXPLAIN without ANALYZE: it shows the plan and runs nothing.",
    Effect.MERGE: "Write the INSERT and the UPDATE … WHERE as two calls.",
    Effect.MAINTENANCE: "Leave upkeep to autovacuum, or ask the database's administrators.",
}
"""Effect → advice, in the order of which matters most."""

HARMLESS = frozenset({Effect.READ, Effect.CATALOG_READ, Effect.PLAN_ONLY, Effect.INSERT, Effect.CREATE, *CREATED})

_KEYWORDS = {"DeleteStmt": "DELETE FROM {table}", "UpdateStmt": "UPDATE {table} SET …"}
_MISSING = (Effect.UNBOUNDED_DELETE, Effect.UNBOUNDED_UPDATE)
_EMPTY = (Effect.TAUTOLOGICAL_DELETE, Effect.TAUTOLOGICAL_UPDATE)


def suggest(statement: Mapping[str, Any], facts: Facts, text: str) -> str:
    """Advice for one statement; "" when there is nothing to object to."""
    if facts.problem:
        return "Write the statement more plainly."
    if facts.calls:
        return f"Code whose effect is not known: {', '.join(facts.calls)}. Leave it out, or ask for its review."
    if facts.effects <= HARMLESS:
        return ""
    kind, node = next(iter(statement.items()), ("", {}))
    example = _example(kind, node)
    predicate = _predicate(node, text)
    if facts.effects & {*_MISSING, *_EMPTY, Effect.SUSPICIOUS_PREDICATE}:
        return _about_rows(facts, example, predicate)
    table = _table(node)
    return next((advice.format(table=table) for effect, advice in GENERAL.items() if effect in facts.effects), "")


def _about_rows(facts: Facts, example: str, predicate: str) -> str:
    quoted = f"`{predicate}`" if predicate else "the condition"
    if Effect.SUSPICIOUS_PREDICATE in facts.effects and not facts.effects & {*_MISSING, *_EMPTY}:
        return f"{quoted[0].upper()}{quoted[1:]} seems to cover every row. Name the rows you mean, e.g. {example}"
    if facts.effects & {*_EMPTY}:
        return f"Replace {quoted}, which is true for every row, by a condition that names the rows, e.g. {example}"
    if predicate:
        return f"Add to {quoted} a condition on the table's own rows, e.g. {example}"
    return f"Add a WHERE clause that names the rows, e.g. {example}"


def _example(kind: str, node: Mapping[str, Any]) -> str:
    template = _KEYWORDS.get(kind)
    return f"{template.format(table=_table(node))} WHERE id = …" if template else "… WHERE id = …"


def _table(node: Mapping[str, Any]) -> str:
    listed = [item["RangeVar"] for item in node.get("relations", ()) if "RangeVar" in item]
    relation: Mapping[str, str] = node.get("relation") or (listed[0] if listed else {})
    parts = [relation.get("schemaname", ""), relation.get("relname", "")]
    return ".".join(map(_written, filter(None, parts))) or "the_table"


def _written(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _predicate(node: Mapping[str, Any], text: str) -> str:
    """The WHERE clause as it was written, if it is short and last; "" when it cannot be cut out for certain."""
    if "whereClause" not in node or "withClause" in node:
        return ""
    before, found, after = re.split(r"(?i)\b(where)\b", text, maxsplit=1) if _single_where(text) else ("", "", "")
    clause = _AFTER_WHERE.sub("", after).strip() if found and before else ""
    return clause if len(clause) <= MAX_QUOTED else ""


def _single_where(text: str) -> bool:
    return len(re.findall(r"(?i)\bwhere\b", text)) == 1

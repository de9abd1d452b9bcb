"""What an agent may ask of a PostgreSQL resource: the verbs as plain data, written for a language model to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backends.base import Verb
from backends.envelope import RESOURCE, SCALAR, STRING, object_schema, result_schema
from policy.reveals import MOST, reveal_problem

MAX_PARAMETERS = 65_535  # of one statement; the protocol counts them in 16 bits
MAX_NAME = 256  # characters of a schema or table name (PostgreSQL itself keeps 63 bytes)
MAX_INTEGER_BITS = 4096  # of a numeric parameter

RESULT_SCHEMA: Mapping[str, Any] = result_schema()


SQL_QUERY = Verb(
    name="sql_query",
    title="Run one SQL statement",
    doc="""Run one PostgreSQL statement on a resource and get its rows, or the number of rows it changed.

- One statement per call. Every call is a transaction of its own; BEGIN, SET, PREPARE, cursors and temporary tables \
have no place here.
- Pass values through `parameters` and write $1, $2, … in the text: SELECT name FROM customers WHERE id = $1. Add a \
cast where the type is not evident: $1::date.
- Columns that hold personal or secret data come masked (see `masked` in the answer). A masked column may be returned \
as it is; filtering, sorting, grouping or computing with it is refused. Do not try to work around a mask.
- If a task truly needs a masked value, name the column in `reveal` with the reason; people may have to approve it. \
Never write a masked value back.
- Writes must choose their rows: UPDATE and DELETE without WHERE, or with one that is true for every row, are refused.
- `status` tells the outcome. `held` means that people have to approve first and that nothing ran: tell the user, then \
follow `next_step`. Do not rephrase the statement to get around the hold. `denied` comes with `reasons` and, for each, \
the change that would pass. Errors are values: a failed statement gives status `failed` and `error`.
- `dry_run: true` plans without running: which tables and effects, which columns would be masked, who would have to \
approve, and how many rows are expected. Use it before a write you are not sure of.
- Results are cut off at a limit of rows and bytes (`truncated`): ask for the columns you need and use LIMIT.
- Look the schema up with sql_describe before guessing names.""",
    input_schema=object_schema(
        {
            "resource": RESOURCE,
            "sql": {**STRING, "description": "One PostgreSQL statement, with $1, $2, … for values."},
            "parameters": {
                "type": "array",
                "items": SCALAR,
                "maxItems": MAX_PARAMETERS,
                "description": "Values for $1, $2, … in order. Write dates, numerics, arrays and JSON as strings in "
                "PostgreSQL's text form.",
            },
            "max_rows": {
                "type": "integer",
                "minimum": 1,
                "description": "At most this many rows; the policy's own limit still holds.",
            },
            "dry_run": {"type": "boolean", "description": "Plan and explain only; nothing runs. Default false."},
            "reveal": {
                "type": "array",
                "items": object_schema({"column": STRING, "reason": STRING}, "column", "reason"),
                "minItems": 1,
                "maxItems": MOST,
                "description": "Masked columns to see in clear in this one statement, each as table.column with the "
                "reason why: people who have to approve it read the reason, and it is recorded. Ask only for what the "
                "task needs.",
            },
        },
        "resource",
        "sql",
    ),
    output_schema=RESULT_SCHEMA,
    hints={"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": False},
)

SQL_DESCRIBE = Verb(
    name="sql_describe",
    title="Describe schemas, tables and columns",
    doc="""Look up the structure of a PostgreSQL resource: without arguments its schemas and tables, with `schema` \
the tables of that schema, with `table` its columns, types, keys and which of them come masked.

Cheap and read-only; it never returns rows of user data. Use it before writing SQL.""",
    input_schema=object_schema(
        {
            "resource": RESOURCE,
            "schema": {**STRING, "maxLength": MAX_NAME, "description": "Schema name, exactly as stored."},
            "table": {**STRING, "maxLength": MAX_NAME, "description": "Table or view name, exactly as stored."},
        },
        "resource",
    ),
    output_schema=RESULT_SCHEMA,
    hints={"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
    describes=True,
)

VERBS: tuple[Verb, ...] = (SQL_QUERY, SQL_DESCRIBE)


def check_arguments(verb: str, arguments: Mapping[str, Any]) -> None:
    """Hold arguments against the verb's input schema. Raises ValueError that names the argument, never its value."""
    found = next((known for known in VERBS if known.name == verb), None)
    if found is None:
        raise ValueError("this verb is not known to the postgres backend")
    properties = found.input_schema["properties"]
    for name in arguments:
        if name not in properties:
            raise ValueError(f"{verb} takes no such argument; it takes {', '.join(properties)}")
    for name in found.input_schema["required"]:
        if name not in arguments:
            raise ValueError(f"{name} is required")
    for name, value in arguments.items():
        problem = _CHECKS[name](value)
        if problem:
            raise ValueError(f"{name} {problem}")


def _text_problem(value: object) -> str:
    return "" if isinstance(value, str) else "must be a string"


def _name_problem(value: object) -> str:
    if not isinstance(value, str):
        return "must be a string"
    if len(value) > MAX_NAME:
        return f"must be no longer than {MAX_NAME} characters"
    return "must be a name without NUL" if "\0" in value else ""


def _flag_problem(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _rows_problem(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return "" if whole and isinstance(value, int) and 1 <= value < 2**63 else "must be a whole number of at least 1"


def _parameters_problem(value: object) -> str:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return "must be an array"
    if len(value) > MAX_PARAMETERS:
        return f"must hold no more than {MAX_PARAMETERS} values"
    for item in value:
        if not isinstance(item, (str, int, float, bool, type(None))):
            return "may hold strings, numbers, booleans and null only"
        if isinstance(item, int) and item.bit_length() > MAX_INTEGER_BITS:
            return "holds a number that is too large; pass it as a string"
    return ""


_CHECKS = {
    "resource": _text_problem,
    "sql": _text_problem,
    "parameters": _parameters_problem,
    "max_rows": _rows_problem,
    "dry_run": _flag_problem,
    "reveal": reveal_problem,
    "schema": _name_problem,
    "table": _name_problem,
}

"""A dry run: what the planner expects of a statement, without running it."""

from __future__ import annotations

import json
from typing import Any

from backends.base import Document, Done
from backends.postgres.connection import Connection
from backends.postgres.execution import Task, verified
from backends.postgres.failures import refused, statement_error
from backends.postgres.frontend import SYNC, bind, execute, parse
from backends.postgres.handshake import BEGIN_READ, COMMIT

PLAN_BYTES = 16_000_000


async def plan(connection: Connection, task: Task) -> tuple[Document, Done]:
    """`estimated_rows` and `estimated_cost` by EXPLAIN in a READ ONLY transaction; None for what has no plan.

    For a write the rows are those it would change. Raises UpstreamError.
    """
    connection.accept_rows(PLAN_BYTES)
    data = b"".join(
        (
            bind(BEGIN_READ) + execute(0),
            parse("", f"EXPLAIN (FORMAT JSON) {task.text}"),
            bind("", task.parameters) + execute(0),
            verified(connection, task),
            bind(COMMIT) + execute(0) + SYNC,
        )
    )
    reply = await connection.flight(data, budget=PLAN_BYTES)
    if reply.error is not None and reply.error.fields.get("C") == "42601":
        return _document(None), Done()  # it was prepared before, so its own syntax is right: EXPLAIN does not take it
    if reply.error is not None and reply.rows:
        connection.abort()
        raise refused("session", "planning the statement changed the role or the mode of its session")
    if reply.error is not None:
        raise statement_error(reply.error, exposes_data=task.opaque)
    return _document(_root(reply.rows[0][0]) if reply.rows else None), Done()


def _root(text: str | None) -> dict[str, Any] | None:
    document = json.loads(text or "null")
    root = document[0].get("Plan") if isinstance(document, list) and document else None
    return root if isinstance(root, dict) else None


def _document(root: dict[str, Any] | None) -> Document:
    if root is None:
        return Document({"estimated_rows": None, "estimated_cost": None})
    return Document({"estimated_rows": _rows(root), "estimated_cost": float(root.get("Total Cost", 0.0))})


def _rows(node: dict[str, Any]) -> int:
    """A ModifyTable node counts what it returns; what it changes are the rows that its children bring."""
    if node.get("Node Type") != "ModifyTable":
        return int(node.get("Plan Rows", 0))
    children = (child for child in node.get("Plans", []) if child.get("Parent Relationship") in {"Outer", "Member"})
    return sum(_rows(child) for child in children)

"""Stage respond for MCP: an Answer as the structured result envelope, exact for every JSON reader."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from backends.base import Column
from server.answer import Answer, Plan, RequestView

SAFE_INTEGER = 2**53 - 1  # RFC 8259 §6: what IEEE 754 doubles, and so every JSON reader, keep exactly

Cell = str | int | float | bool | None
Convert = Callable[[str], Cell]


def envelope(answer: Answer) -> dict[str, Any]:
    """The result envelope: plain JSON data, absent parts left out."""
    found: dict[str, Any] = {"status": answer.status, "decision_id": answer.decision_id}
    if answer.resource:
        found["resource"] = answer.resource
    if answer.columns:
        found["columns"] = [{"name": column.name, "type": column.type} for column in answer.columns]
        found["rows"] = json_rows(answer)
        found["row_count"] = len(answer.rows)
        found["truncated"] = answer.truncated
    if answer.texts:
        found["texts"] = dict(answer.texts)
        found["truncated"] = answer.truncated
    if answer.document is not None:
        found["document"] = answer.document
        found["truncated"] = answer.truncated
    if answer.outcome:
        found["outcome"] = answer.outcome
    if answer.masked:
        found["masked"] = [{"column": m.column, "label": m.label, "mask": m.mask} for m in answer.masked]
    if answer.affected is not None:
        found["affected"] = answer.affected
    if answer.notices:
        found["notices"] = list(answer.notices)
    if answer.request:
        found["request"] = request_view(answer.request)
    if answer.reasons:
        found["reasons"] = [{"rule": r.rule, "text": r.text, "suggestion": r.suggestion} for r in answer.reasons]
    if answer.problem:
        problem = answer.problem
        found["error"] = {"code": problem.code, "message": problem.message, "remedy": problem.remedy}
    if answer.plan:
        found["plan"] = _plan(answer.plan, found.get("masked", []))
    if rewrite := answer.rewrite:
        found["rewrite"] = {"sql": rewrite.sql, "change": rewrite.change, "outcome": rewrite.outcome}
    found["next_step"] = answer.next_step
    return found


def tool_result(structured: dict[str, Any], *, is_error: bool) -> dict[str, Any]:
    """A CallToolResult as plain data: structured content, and the same as text for clients that read only text."""
    text = orjson.dumps(structured).decode()
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": structured,
        "isError": is_error,
        "resultType": "complete",
    }


def request_view(request: RequestView) -> dict[str, Any]:
    return {
        "id": request.id,
        "status": request.status,
        "approvers": list(request.approvers),
        "expires_at": datetime.fromtimestamp(request.expires_at, UTC).isoformat(timespec="seconds"),
        "url": request.url,
    }


def json_rows(answer: Answer) -> list[list[Cell]]:
    """Cells as JSON: a number only where every reader keeps it exactly, else the target's own text."""
    converters = [(index, _converter(column)) for index, column in enumerate(answer.columns)]
    typed = [(index, convert) for index, convert in converters if convert is not None]
    if not typed:
        return [list(row) for row in answer.rows]
    found: list[list[Cell]] = []
    for row in answer.rows:
        cells: list[Cell] = list(row)
        for index, convert in typed:
            text = row[index]
            if text is not None:
                cells[index] = convert(text)
        found.append(cells)
    return found


def _plan(plan: Plan, masked: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "statements": [
            {"kind": statement.kind, "text": statement.text, "effects": sorted(statement.effects)}
            for statement in plan.statements
        ],
        "tables": list(plan.tables),
        "masked": masked,
        "estimated_rows": plan.estimated_rows,
        "approvals": list(plan.approvals),
    }


def _boolean(text: str) -> Cell:
    return {"t": True, "f": False}.get(text, text)


def _integer(text: str) -> Cell:
    try:
        value = int(text)
    except ValueError:
        return text
    return value if -SAFE_INTEGER <= value <= SAFE_INTEGER else text


def _float(text: str) -> Cell:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


_CONVERTERS: dict[str, Convert] = {
    "boolean": _boolean,
    "smallint": _integer,
    "integer": _integer,
    "bigint": _integer,
    "oid": _integer,
    "real": _float,
    "double precision": _float,
}


def _converter(column: Column) -> Convert | None:
    return _CONVERTERS.get(column.type)

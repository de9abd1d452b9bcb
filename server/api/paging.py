"""Cursors: where the next page begins. Opaque to clients, and worth nothing to them if they change it."""

from __future__ import annotations

import base64
import json
import math
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from server.api.problems import Problem

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="Items of one page.")]
CursorText = Annotated[str, Query(max_length=400, description="`next` of the page before.")]
Position = tuple[float, str]
"""The time and the id of the last item of a page; lists are ordered by both, newest first."""


class Page(BaseModel, Generic[T]):
    """One page. `next` null = the end; a page may hold fewer items than asked for before that."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page.")


def to_cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def from_cursor(text: str) -> Position | None:
    """None for the first page. Raises Problem."""
    if not text:
        return None
    try:
        at, ident = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(at, int | float) and not isinstance(at, bool) and math.isfinite(at) and isinstance(ident, str):
            return float(at), ident
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise Problem(400, "invalid-cursor", "The cursor is not one that this API gave.", "Begin again without a cursor.")

"""What a statement does to what a session knows by name: cursors, prepared statements, portals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.postgres.front_book import Book
from backends.postgres.front_parse import nodes
from policy.effects import Effect
from policy.model import Operation

_STATE = frozenset({Effect.SESSION_STATE.value, Effect.DYNAMIC_CODE.value, Effect.SETTING_CHANGE.value})


def follow(book: Book, operation: Operation) -> None:
    """Called when the operation is sent. A name that a statement may have given another meaning is forgotten."""
    if not operation.effects & _STATE:
        return
    if Effect.DYNAMIC_CODE in operation.effects:
        book.statements.clear()
    if Effect.SETTING_CHANGE in operation.effects or operation.opaque:
        book.steered = True
    for kind, node in nodes(operation.text):
        _follow(book, kind, node, operation)


def _follow(book: Book, kind: str, node: Mapping[str, Any], operation: Operation) -> None:
    match kind:
        case "DeclareCursorStmt":
            book.portals.pop(node.get("portalname", ""), None)
            book.cursors[node.get("portalname", "")] = operation
        case "ClosePortalStmt":
            _close(book, node.get("portalname"))
        case "PrepareStmt":
            book.statements.pop(node.get("name", ""), None)
        case "DeallocateStmt" if node.get("name"):
            book.statements.pop(node["name"], None)
        case "DeallocateStmt":
            book.statements.clear()
        case "DiscardStmt" if node.get("target", "DISCARD_ALL") == "DISCARD_ALL":
            book.forget_all()
            book.steered = False
        case _:
            pass


def _close(book: Book, name: str | None) -> None:
    if name is None:
        book.cursors.clear()
        return
    book.cursors.pop(name, None)
    book.portals.pop(name, None)


def of_cursor(book: Book, operation: Operation) -> Operation | None:
    """The declared query of the cursor that a FETCH names, if this session declared it."""
    for kind, node in nodes(operation.text):
        if kind == "FetchStmt":
            return book.cursors.get(node.get("portalname", ""))
    return None

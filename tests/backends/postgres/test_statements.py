"""The prepared statements a connection keeps."""

from __future__ import annotations

from backends.postgres.frontend import close_statement
from backends.postgres.statements import LONGEST_NAMED, Prepared, Statements


def keep(statements: Statements, text: str) -> Prepared:
    prepared = Prepared(statements.new_name(text), (), None)
    statements.put(text, prepared)
    return prepared


def test_a_statement_is_found_by_its_text() -> None:
    statements = Statements()
    prepared = keep(statements, "SELECT 1")
    assert statements.get("SELECT 1") is prepared
    assert statements.get("SELECT 2") is None


def test_the_one_used_longest_ago_makes_room_and_is_closed_once() -> None:
    statements = Statements(capacity=2)
    keep(statements, "a")
    second = keep(statements, "b")
    statements.get("a")
    keep(statements, "c")
    assert statements.get("b") is None
    assert statements.get("a") is not None
    assert statements.closing() == close_statement(second.name)
    assert statements.closing() == b""


def test_names_are_not_used_twice() -> None:
    statements = Statements(capacity=1)
    assert len({keep(statements, str(number)).name for number in range(10)}) == 10


def test_a_text_too_long_to_keep_has_no_name() -> None:
    statements = Statements()
    text = "x" * (LONGEST_NAMED + 1)
    assert keep(statements, text).name == ""
    assert statements.get(text) is None


def test_what_the_server_has_dropped_is_not_closed_again() -> None:
    statements = Statements()
    keep(statements, "a")
    statements.forget("a")
    statements.clear()
    assert statements.closing() == b""

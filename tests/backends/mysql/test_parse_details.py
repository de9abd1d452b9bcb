"""How MySQL's text is read, which columns steer, what parameters do, and what is suggested."""

from __future__ import annotations

import pytest

from backends.mysql.lexer import lex
from backends.mysql.parse import parse_text
from tests.backends.sqltree.judging import steering

READ_AS = {
    "SELECT 5--1": "SELECT 5 - - 1",
    "SELECT 5 -- 1": "SELECT 5",
    "SELECT 1 # x\n+ 1": "SELECT 1 + 1",
    "SELECT 'a\\'b', \"c\\\\\", 'd''e'": "SELECT 'a''b' , 'c\\\\' , 'd''e'",
    "SELECT `a``b`, N'x', _utf8'y'": "SELECT `a``b` , 'x' , _utf8 'y'",
    "/*!50000TRUNCATE*/ logs": "TRUNCATE logs",
    "SELECT/**/1": "SELECT 1",
    "SELECT @`a b`, @@global.x, @'q'": "SELECT @warded_odd_name , @@global.x , @warded_odd_name",
    "SELECT \\N": "SELECT NULL",
    "SELECT 1e5, .5, 0x41, x'41', 5a": "SELECT 1e5 , .5 , 0x41 , x'41' , `5a`",
}
UNCERTAIN = ["/*!50701 X */", "/*!99999 X */", "/*!080000 X */", "/*M! X */", "/*!500000 X */", "/*! a /* b */ */"]
STEERING = {
    "SELECT ssn FROM customers": set(),
    "SELECT ssn AS a FROM customers WHERE id = 5": {"equality customers.id"},
    "SELECT id FROM customers WHERE ssn LIKE '1%'": {"predicate customers.ssn"},
    "SELECT UPPER(ssn) FROM customers": {"transform customers.ssn"},
    "SELECT MAX(ssn) FROM customers": {"aggregate customers.ssn"},
    "SELECT id FROM customers ORDER BY ssn": {"order customers.ssn"},
    "SELECT ssn AS z FROM customers ORDER BY z": {"order customers.ssn", "order customers.z"},
    "SELECT id, ssn FROM customers ORDER BY 2": {"order customers.id", "order customers.ssn"},
    "SELECT DISTINCT ssn FROM customers": {"group customers.ssn"},
    "SELECT c.id FROM customers c JOIN t ON t.x = c.ssn": {"predicate t.x", "predicate customers.ssn"},
    "SELECT UPPER(x.s) FROM (SELECT ssn AS s FROM customers) x": {"transform customers.ssn"},
    "SELECT x.s FROM (SELECT ssn AS s FROM customers) x": set(),
    "SELECT id FROM t WHERE EXISTS (SELECT * FROM customers)": set(),
    "SELECT ssn FROM customers UNION SELECT a FROM t": {"group customers.ssn", "group t.a"},
    "INSERT INTO t SELECT ssn FROM customers": {"transform customers.ssn"},
    "SELECT ssn FROM customers INTO @x": {"transform customers.ssn"},
    "HANDLER customers READ FIRST": {"row customers.*"},
}


@pytest.mark.parametrize(("text", "plain"), READ_AS.items(), ids=READ_AS)
def test_text_is_read_as_the_server_reads_it(text: str, plain: str) -> None:
    assert " ".join(token.plain for token in lex(text).tokens) == plain


@pytest.mark.parametrize("comment", UNCERTAIN)
def test_a_comment_that_only_some_servers_run_leaves_the_text_open(comment: str) -> None:
    operation = parse_text(f"SELECT 1 {comment}")
    assert operation.problem
    assert operation.opaque


@pytest.mark.parametrize(("sql", "expected"), STEERING.items(), ids=STEERING)
def test_columns_that_steer_are_told(sql: str, expected: set[str]) -> None:
    assert steering(parse_text(sql)) == expected


def test_placeholders_take_the_values_they_are_given() -> None:
    sql = "DELETE FROM orders WHERE id = ? OR ?"
    assert parse_text(sql, parameters=[5, 0]).effects == {"scoped-delete"}
    assert parse_text(sql, parameters=[5, 1]).effects == {"tautological-delete"}
    assert parse_text(sql, parameters=[5, "1x"]).effects == {"tautological-delete"}
    assert parse_text(sql).effects == {"unbounded-delete"}


def test_nobody_can_write_the_name_of_a_placeholder() -> None:
    assert parse_text("DELETE FROM t WHERE @warded_parameter_0", parameters=[0]).problem


def test_the_columns_and_tables_are_named_as_they_are_written() -> None:
    operation = parse_text("SELECT o.id, name FROM shop.Orders o JOIN customers c ON c.id = o.cid")
    assert {str(place) for place in operation.targets} == {"shop.Orders", "customers"}
    assert {".".join(place.path) for place in operation.columns} >= {
        "shop.Orders.id",
        "shop.Orders.cid",
        ".customers.id",
    }


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM orders", "Add a WHERE clause that names the rows, e.g. DELETE FROM orders WHERE id = …"),
        ("UPDATE shop.orders SET a = 1 WHERE 1=1", "Replace `1=1`, which is true for every row"),
        ("DELETE FROM orders WHERE id > 0", "`id > 0` seems to cover every row"),
        ("TRUNCATE orders", "DELETE FROM orders WHERE id = …"),
        ("SELECT 1; SELECT 2", "Send one statement per call."),
        ("SELECT 1", ""),
    ],
)
def test_a_refused_statement_comes_with_the_change_that_would_pass(sql: str, words: str) -> None:
    suggestion = parse_text(sql).statements[0].suggestion
    assert words in suggestion
    assert bool(words) == bool(suggestion)

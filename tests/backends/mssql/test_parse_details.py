"""How a batch is read and taken apart, which columns steer, what parameters do, and what is suggested."""

from __future__ import annotations

import pytest

from backends.mssql.batches import parts
from backends.mssql.lexer import lex
from backends.mssql.parse import parse_text
from tests.backends.sqltree.judging import steering

READ_AS = {
    "SELECT 5--1": "SELECT 5",
    "SELECT 1OR 2": "SELECT 1 OR 2",
    "SELECT /* a /* b */ c */ 1": "SELECT 1",
    "SELECT 'a\\', N'b''c'": "SELECT 'a\\' , 'b''c'",
    "SELECT 'DR\\\nOP'": "SELECT 'DROP'",
    'SELECT [a]]b], "c""d"': 'SELECT [a]]b] , [c"d]',
    "SELECT #t.a, ##g, @x, @@ROWCOUNT": "SELECT [#t] . a , [##g] , @x , @@ROWCOUNT",
    "SET @x += 1 WHERE a !< 5": "SET @x = 1 WHERE a >= 5",
    "SELECT $5, 0x41, 1.5e3": "SELECT 5 , 0x41 , 1.5e3",
}
TAKEN_APART = {
    "SELECT 1 SELECT 2": ["SELECT 1", "SELECT 2"],
    "IF 1=1 DELETE t ELSE SELECT 1": ["SELECT 1 WHERE 1=1", "DELETE t", "SELECT 1"],
    "BEGIN TRY DROP TABLE t END TRY BEGIN CATCH THROW END CATCH": ["DROP TABLE t", "THROW"],
    "INSERT INTO t SELECT 1 EXEC p": ["INSERT INTO t SELECT 1", "EXEC p"],
    "INSERT INTO t EXEC p EXEC q": ["INSERT INTO t EXEC p", "EXEC q"],
    "WITH x AS (SELECT 1 a) UPDATE x SET a = 1 DELETE t": ["WITH x AS (SELECT 1 a) UPDATE x SET a = 1", "DELETE t"],
    "DECLARE c CURSOR FOR SELECT 1 OPEN c": ["DECLARE c CURSOR FOR SELECT 1", "OPEN c"],
    "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t DELETE t": [
        "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t",
        "DELETE t",
    ],
    "GRANT SELECT, DELETE ON t TO x DROP TABLE t": ["GRANT SELECT, DELETE ON t TO x", "DROP TABLE t"],
    "DROP TABLE IF EXISTS a IF 1=1 SELECT 1": ["DROP TABLE IF EXISTS a", "SELECT 1 WHERE 1=1", "SELECT 1"],
    "SELECT 1\nGO\nSELECT 2\nGO 3\nSELECT 3": ["SELECT 1", "SELECT 2", "SELECT 3"],
    "x: SELECT 1 GOTO x": ["SELECT 1", "GOTO x"],
    "CREATE PROC p AS SELECT 1 DELETE t\nGO\nSELECT 2": ["CREATE PROC p AS SELECT 1 DELETE t", "SELECT 2"],
}
STEERING = {
    "SELECT ssn FROM customers": set(),
    "SELECT TOP 5 ssn FROM customers ORDER BY ssn": {"order customers.ssn"},
    "SELECT ssn + '' FROM customers": {"transform customers.ssn"},
    "SELECT * FROM customers FOR JSON AUTO": {"transform customers.*"},
    "SELECT ssn INTO t FROM customers": {"transform customers.ssn"},
    "SELECT @x = ssn FROM customers": {"predicate customers.ssn"},
    "SELECT id FROM customers WHERE ssn = @x": {"equality customers.ssn"},
    "SELECT x.a FROM customers c CROSS APPLY (SELECT UPPER(c.ssn) AS a) x": {"transform customers.ssn"},
}


@pytest.mark.parametrize(("text", "plain"), READ_AS.items(), ids=READ_AS)
def test_text_is_read_as_the_server_reads_it(text: str, plain: str) -> None:
    assert " ".join(token.plain for token in lex(text)) == plain


@pytest.mark.parametrize(("text", "expected"), TAKEN_APART.items(), ids=TAKEN_APART)
def test_a_batch_is_taken_apart_where_the_server_would(text: str, expected: list[str]) -> None:
    found = [" ".join(token.plain for token in part.tokens) for part in parts(lex(text))]
    assert [item.replace(" ", "") for item in found] == [item.replace(" ", "") for item in expected]


@pytest.mark.parametrize(("sql", "expected"), STEERING.items(), ids=STEERING)
def test_columns_that_steer_are_told(sql: str, expected: set[str]) -> None:
    assert steering(parse_text(sql)) == expected


def test_placeholders_take_the_values_they_are_given() -> None:
    sql = "DELETE FROM Orders WHERE Id = ? OR ? = 1"
    assert parse_text(sql, parameters=[5, 0]).effects == {"scoped-delete"}
    assert parse_text(sql, parameters=[5, 1]).effects == {"tautological-delete"}
    assert parse_text(sql).effects == {"unbounded-delete"}


def test_sql_in_strings_is_followed_only_so_far() -> None:
    text = "DROP TABLE t"
    for _level in range(4):
        text = "EXEC ('" + text.replace("'", "''") + "')"
    assert "drop" in parse_text(text).effects
    for _level in range(6):
        text = "EXEC ('" + text.replace("'", "''") + "')"
    assert parse_text(text).effects & {"unparsed", "drop"}


def test_a_string_that_the_server_may_read_as_a_quote_is_not_judged() -> None:
    assert "dynamic-code" in parse_text("EXEC ('SELECT \u02bca')").effects


def test_steering_words_do_not_make_a_text_of_several() -> None:
    operation = parse_text("DECLARE @id INT = 5; SET @id = 6; SELECT * FROM Orders WHERE Id = @id")
    assert operation.effects == {"read"}
    assert "multiple-statements" in parse_text("SELECT 1; SELECT 2").effects


def test_tables_are_named_with_their_database_and_linked_servers_are_foreign() -> None:
    assert [str(place) for place in parse_text("SELECT 1 FROM db..t").targets] == ["db.dbo.t"]
    assert "foreign-server" in parse_text("SELECT 1 FROM srv.db.dbo.t").effects


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM dbo.Orders", "e.g. DELETE FROM dbo.Orders WHERE id = …"),
        ("UPDATE Orders SET a = 1 WHERE 1 = 1", "Replace `1 = 1`, which is true for every row"),
        ("EXEC ('SELECT ' + @x)", "Send the inner statement by itself"),
        ("SELECT 1", ""),
    ],
)
def test_a_refused_statement_comes_with_the_change_that_would_pass(sql: str, words: str) -> None:
    suggestion = parse_text(sql).statements[0].suggestion
    assert words in suggestion
    assert bool(words) == bool(suggestion)

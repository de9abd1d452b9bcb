"""Texts that are meant to overflow, stall or confuse a parser, and predicates to be put together at random."""

from __future__ import annotations

from hypothesis import strategies as st

CHAINS = {
    "sum": "SELECT " + "1+" * 60_000 + "1",
    "or": "SELECT " + "1 OR " * 40_000 + "1",
    "or of comparisons": "DELETE FROM t WHERE " + "id = 1 OR " * 5_000 + "id = 2",
    "union": "SELECT 1" + " UNION SELECT 1" * 15_000,
    "join": "SELECT * FROM t" + " JOIN a" * 30_000,
    "short join": "SELECT * FROM t" + " JOIN a" * 30,
    "cross join": "SELECT * FROM t" + " CROSS JOIN a" * 5_000,
    "qualified name": "SELECT a" + ".b" * 80_000,
    "statements": "SELECT 1" + ";SELECT 1" * 2_000,
    "semicolons": ";" * 200_000,
    "unary": "SELECT " + "- " * 100_000 + "1",
    "not": "SELECT " + "NOT " * 60_000 + "1",
    "values": "INSERT INTO t VALUES " + ",".join(["(1,'a',2)"] * 5_000),
    "quotes": "SELECT " + "'" * 200_001,
    "comments": "/*" * 100_000,
    "executable comments": "/*!" * 80_000,
    "begins": "BEGIN " * 40_000,
    "ifs": "IF 1=1 " * 30_000 + "SELECT 1",
}
NESTS = {
    "parentheses": "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "allowed parentheses": "SELECT " + "(" * 95 + "1" + ")" * 95,
    "function": "SELECT " + "abs(" * 50_000 + "1" + ")" * 50_000,
    "case": "SELECT " + "CASE WHEN " * 20_000,
    "sub-select": "SELECT " + "(SELECT " * 20_000 + "1" + ")" * 20_000,
    "allowed sub-selects": "SELECT " + "(SELECT " * 60 + "1" + ")" * 60,
    "brackets": "SELECT " + "[" * 60_000,
    "braces": "SELECT " + "{" * 60_000,
    "types": "SELECT CAST(1 AS " + "ARRAY<" * 30_000 + "INT" + ">" * 30_000 + ")",
    "predicates": "DELETE FROM t WHERE " + "NOT (a = 1 OR " * 45 + "b = 1" + ")" * 45,
    "exists": "DELETE FROM t WHERE " + "EXISTS (SELECT 1 FROM u WHERE " * 40 + "u.a = t.a" + ")" * 40,
    "ctes": "WITH a AS (" * 2_000 + "SELECT 1",
    "exec": "EXEC('" * 20 + "SELECT 1" + "')" * 20,
}
GARBLED = {
    "empty": "",
    "blank": " \n\t",
    "comment": "-- nothing\n",
    "NUL": "SELECT 1\0; DROP TABLE orders",
    "surrogate": "SELECT '\ud800'",
    "long": "SELECT '" + "x" * 1_000_000 + "'",
    "byte order mark": "\ufeff\ufeffSELECT",
    "control": "\x01\x02\x03",
    "unfinished string": "SELECT 'a",
    "unfinished comment": "SELECT 1 /* a",
    "prose": "please show me all orders",
}
_WORDS_TEXT = """
SELECT DELETE FROM WHERE UPDATE SET INTO INSERT VALUES WITH AS ( ) , ; * = <> AND OR XOR NOT IN EXISTS t u id 1 'a' @x
NULL TRUE CASE WHEN THEN ELSE END UNION JOIN ON USING OUTPUT LIMIT TOP ORDER BY BEGIN EXEC EXECUTE DROP TABLE DECLARE
EXPLAIN ANALYZE SHOW GRANT CREATE FUNCTION MERGE MATCHED ANY IF WHILE PREPARE CALL . IS LIKE BETWEEN /*! */ # -- GO
CURSOR FOR DIV || ALTER PROCEDURE TRIGGER DO LOAD DATA USE [x] `x` "x" 0x41 + - / % TRY CATCH HANDLER OPEN FETCH REPLACE
"""
WORDS = _WORDS_TEXT.split()

PREDICATES = st.recursive(
    st.sampled_from(["id = 5", "id = id", "name LIKE '%'", "1 = 1", "a IS NULL", "NULL IS NULL", "id IN (1, 2)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda text: f"NOT ({text})"),
        inner.map(lambda text: f"EXISTS (SELECT 1 FROM u WHERE {text})"),
        inner.map(lambda text: f"CASE WHEN {text} THEN 1 ELSE 0 END = 1"),
    ),
    max_leaves=10,
)

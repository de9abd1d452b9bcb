"""Extreme texts end in `unknown`, never in an exception, a hang or a dead process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.postgres.grammar import MAX_TEXT
from backends.postgres.parse import understand
from policy.model import Action
from tests.backends.postgres.parsing import CASES_SQL, parse

ROOT = Path(__file__).parents[3]

CHAINS = {
    "sum": "SELECT " + "1+" * 50_000 + "1",
    "concatenation": "SELECT " + "'a'||" * 50_000 + "'a'",
    "union": "SELECT 1 " + "UNION SELECT 1 " * 17_000,
    "join": "SELECT FROM a" + " JOIN a ON a" * 20_000,
    "natural join": "SELECT FROM a" + " NATURAL JOIN a" * 17_000,
    "cast": "SELECT 1" + "::a" * 80_000,
    "collate": "SELECT 1" + " COLLATE a" * 25_000,
    "time zone": "SELECT 1" + " AT LOCAL" * 28_000,
    "inline sum": "SELECT " + "1+" * 8_100 + "1",
    "inline cast": "SELECT 1" + "::a" * 5_400,
}
NESTS = {
    "parentheses": "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "not": "SELECT " + "NOT " * 60_000 + "true",
    "minus": "SELECT " + "- " * 100_000 + "1",
    "case": "SELECT " + "CASE WHEN " * 20_000,
    "sub-select": "SELECT " + "(SELECT " * 20_000 + "1" + ")" * 20_000,
    "array": "SELECT " + "ARRAY[" * 30_000 + "1" + "]" * 30_000,
    "deep but legal": "SELECT " + "(SELECT " * 300 + "1" + ")" * 300,
    "predicates": "DELETE FROM t WHERE " + "NOT (a OR " * 250 + "b" + ")" * 250,
    "cases in a predicate": "DELETE FROM t WHERE " + "CASE WHEN a THEN " * 120 + "b" + " END" * 120,
}
GARBLED = {
    "NUL": "SELECT 1\0; DROP TABLE orders",
    "surrogate": "SELECT '\ud800'",
    "long": "SELECT '" + "x" * 1_000_000 + "'",
    "byte order mark": "\ufeff\ufeffSELECT",
    "control": "\x01\x02\x03",
    "unfinished": "SELECT $a$",
}


@pytest.mark.parametrize("text", [*CHAINS.values(), *NESTS.values()], ids=[*CHAINS, *NESTS])
def test_chains_and_nests_are_survived_within_seconds(text: str) -> None:
    started = time.monotonic()
    operation = parse(text)
    assert time.monotonic() - started < 10
    assert operation.actions


@pytest.mark.parametrize("text", GARBLED.values(), ids=GARBLED)
def test_garbled_text_is_unknown_and_says_why(text: str) -> None:
    operation = parse(text)
    assert operation.actions == {Action.UNKNOWN}
    assert operation.effects == {"unparsed"}
    assert operation.problem
    assert operation.opaque
    assert len(operation.problem) < 400


@pytest.mark.parametrize("text", [CHAINS["sum"], CHAINS["join"], NESTS["sub-select"], CHAINS["inline sum"]])
def test_text_that_is_too_deep_is_unknown(text: str) -> None:
    assert parse(text).actions == {Action.UNKNOWN}


def test_a_text_just_within_the_limit_is_still_read() -> None:
    text = "SELECT '" + "x" * (MAX_TEXT - 9) + "'"
    assert parse(text).effects == {"read"}
    assert parse(text + " ").problem


def test_a_large_but_flat_statement_is_no_false_alarm() -> None:
    listed = ", ".join(str(number) for number in range(20_000))
    assert parse(f"SELECT * FROM orders WHERE id IN ({listed})").effects == {"read"}
    assert parse(f"DELETE FROM orders WHERE id IN ({listed})").effects == {"scoped-delete"}
    either = " OR ".join(f"id = {number}" for number in range(2_000))
    assert parse(f"DELETE FROM orders WHERE {either}").effects == {"scoped-delete"}
    rows = ", ".join(f"({number}, 'x')" for number in range(10_000))
    assert parse(f"INSERT INTO orders (id, name) VALUES {rows}").effects == {"insert"}


def test_sql_nested_in_strings_is_followed_only_so_far() -> None:
    text = "SELECT 1"
    for _level in range(12):
        text = "SELECT query_to_xml('" + text.replace("'", "''") + "', true, true, '')"
    assert parse(text[:MAX_TEXT]).actions
    many = "SELECT " + ", ".join("query_to_xml('SELECT 1', true, true, '')" for _call in range(100))
    assert "dynamic-code" in parse(many).effects


def test_the_worst_texts_do_not_end_the_process() -> None:
    program = (
        "import sys\n"
        "from backends.postgres.parse import understand\n"
        "from tests.backends.postgres.test_parse_hostile import CHAINS, NESTS, GARBLED\n"
        "for text in [*CHAINS.values(), *NESTS.values(), *GARBLED.values()]:\n"
        "    understand(text)\n"
        "    understand(f'DO $x$ BEGIN {text} END $x$')\n"
        "print('alive')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "alive", done.stderr[-500:]


BODIES = [
    "CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql RETURN 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'a', 'b'",
    "CREATE FUNCTION f() RETURNS int AS 'x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS ''",
    "DO LANGUAGE plpgsql ''",
    "DO ''",
    'CREATE FUNCTION f("a""b; $$ int" int, VARIADIC x int[]) RETURNS TABLE (c int) LANGUAGE plpgsql AS \'begin end\'',
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS E'begin return \\'\\'''\\'\\'; end'",
]


@pytest.mark.parametrize("sql", BODIES)
def test_function_bodies_of_every_form_are_survived(sql: str) -> None:
    assert parse(sql).actions


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_outcome(text: str) -> None:
    operation = understand(text).operation
    assert operation.actions
    assert bool(operation.problem) == (Action.UNKNOWN in operation.actions)


WORDS_TEXT = """
SELECT DELETE FROM WHERE UPDATE SET INTO INSERT VALUES WITH AS ( ) , ; * = <> AND OR NOT IN EXISTS t u id 1 'a' $1
NULL true CASE WHEN THEN ELSE END UNION JOIN ON USING RETURNING LIMIT ORDER BY DO $$ BEGIN EXECUTE DROP TABLE
EXPLAIN ANALYZE COPY TO STDOUT GRANT ROLE CREATE FUNCTION MERGE MATCHED ANY ARRAY [ ] :: int . IS LIKE BETWEEN
"""
WORDS = st.sampled_from(WORDS_TEXT.split())


@given(st.lists(WORDS, max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_heap_of_words_has_an_outcome(words: list[str]) -> None:
    assert understand(" ".join(words)).operation.actions


@given(st.sampled_from(CASES_SQL), st.integers(0, 200), st.sampled_from(["", " ", "'", '"', "(", ";", "--", "/*", "é"]))
@settings(max_examples=300, deadline=None)
def test_any_damaged_statement_has_an_outcome(sql: str, position: int, inserted: str) -> None:
    assert understand(sql[:position] + inserted + sql[position + 1 :]).operation.actions


PREDICATES = st.recursive(
    st.sampled_from(["id = 5", "id = id", "name LIKE '%'", "a", "true", "NULL", "id IN (1, 2)", "id > 0", "$1"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR", "=", "<>"]), inner).map(lambda t: f"(({t[0]}) {t[1]} ({t[2]}))"),
        inner.map(lambda text: f"NOT ({text})"),
        inner.map(lambda text: f"(({text}) IS NOT FALSE)"),
        inner.map(lambda text: f"CASE WHEN {text} THEN {text} ELSE false END"),
        inner.map(lambda text: f"EXISTS (SELECT 1 FROM u WHERE {text})"),
        inner.map(lambda text: f"coalesce({text}, true)"),
    ),
    max_leaves=12,
)


@given(PREDICATES)
@settings(max_examples=300, deadline=None)
def test_a_predicate_or_true_never_passes_as_scoped(predicate: str) -> None:
    effects = understand(f"DELETE FROM t WHERE ({predicate}) OR true").operation.effects
    assert effects & {"tautological-delete", "unbounded-delete"}


@given(PREDICATES.filter(lambda predicate: "NULL" not in predicate))
@settings(max_examples=300, deadline=None)
def test_a_predicate_or_its_negation_never_passes_as_scoped(predicate: str) -> None:
    effects = understand(f"DELETE FROM t WHERE ({predicate}) OR NOT ({predicate})").operation.effects
    assert effects & {"tautological-delete", "unbounded-delete", "suspicious-predicate"}

"""Text that is meant to harm the parser: it is unknown, or judged, but never an exception and never slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.mysql.parse import parse_text
from policy.model import Action
from tests.backends.sqltree.hostile import CHAINS, GARBLED, NESTS, PREDICATES, WORDS
from tests.backends.sqltree.judging import pairs

STATEMENTS = [pair["sql"] for name in ("dangerous", "harmless") for pair in pairs("mysql", name)]


@pytest.mark.parametrize("text", [*CHAINS.values(), *NESTS.values()], ids=[*CHAINS, *NESTS])
def test_chains_and_nests_are_survived_within_seconds(text: str) -> None:
    started = time.monotonic()
    operation = parse_text(text)
    assert time.monotonic() - started < 10
    assert operation.actions


@pytest.mark.parametrize("text", GARBLED.values(), ids=GARBLED)
def test_garbled_text_is_unknown_and_says_why(text: str) -> None:
    operation = parse_text(text)
    assert operation.actions == {Action.UNKNOWN}
    assert operation.effects == {"unparsed"}
    assert operation.problem
    assert operation.opaque


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_outcome(text: str) -> None:
    operation = parse_text(text)
    assert operation.actions
    assert bool(operation.problem) == (Action.UNKNOWN in operation.actions)
    assert "fault of the gateway" not in operation.problem


@given(st.lists(st.sampled_from(WORDS), max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_heap_of_words_has_an_outcome(words: list[str]) -> None:
    assert "fault of the gateway" not in parse_text(" ".join(words)).problem


@given(
    st.sampled_from(STATEMENTS),
    st.integers(0, 120),
    st.sampled_from(["", " ", "'", '"', "(", ")", ";", "--", "/*", "é"]),
)
@settings(max_examples=500, deadline=None)
def test_any_damaged_statement_has_an_outcome(sql: str, position: int, inserted: str) -> None:
    text = sql[:position] + inserted + sql[position + 1 :]
    assert "fault of the gateway" not in parse_text(text).problem


@given(PREDICATES)
@settings(max_examples=300, deadline=None)
def test_a_predicate_or_one_that_is_true_never_passes_as_scoped(predicate: str) -> None:
    effects = parse_text(f"DELETE FROM t WHERE ({predicate}) OR 1 = 1").effects
    assert effects & {"tautological-delete", "unbounded-delete", "unparsed"}


@given(PREDICATES.filter(lambda predicate: "NULL" not in predicate))
@settings(max_examples=300, deadline=None)
def test_a_predicate_or_its_negation_never_passes_as_scoped(predicate: str) -> None:
    effects = parse_text(f"DELETE FROM t WHERE ({predicate}) OR NOT ({predicate})").effects
    assert effects & {"tautological-delete", "unbounded-delete", "suspicious-predicate", "unparsed"}


@given(st.sampled_from(STATEMENTS))
@settings(max_examples=100, deadline=None)
def test_what_stands_in_a_string_is_only_a_value(sql: str) -> None:
    quoted = sql.replace("\\", "\\\\").replace("'", "''")
    operation = parse_text(f"SELECT * FROM orders WHERE note = '{quoted}'")
    assert operation.effects == {"read"}
    assert not operation.problem

"""Bulk decisions: the contract of a line, and how the default packs judge PostgreSQL (pairs/decide_postgres.yaml)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backends import load_text_parsers
from catalog.model import Locator
from policy.decide import MAX_LINE, MAX_TEXT, PACKS, Decider, late, new_decider
from policy.document import load_document
from policy.engine import Engine
from policy.model import Action, Operation, Steer

TEXTS: dict[str, dict[str, list[str]]] = yaml.safe_load(
    Path(__file__).with_name("pairs").joinpath("decide_postgres.yaml").read_text("utf-8")
)
MASKED = ["customers.email", "customers.ssn"]
MODES = {"ro": "read_only", "rw": "read_write"}


@pytest.fixture(scope="module")
def decider() -> Decider:
    return new_decider(load_text_parsers())


@pytest.fixture(scope="module")
def parserless() -> Decider:
    return new_decider({})


def line(text: object, **context: object) -> bytes:
    return json.dumps({"id": 1, "protocol": "postgres", "input": text, "context": context}).encode()


def decided(decider: Decider, raw: bytes) -> dict[str, Any]:
    found = json.loads(decider.answer(raw))
    assert list(found) == ["id", "decision", "effects", "reasons", "rules"]
    assert found["decision"] in ("allow", "hold", "deny")
    return dict(found)


def words(kind: str, decider: Decider) -> list[tuple[str, str, str]]:
    """(mode, text, decision) of every text of a kind."""
    return [
        (mode, text, decided(decider, line(text, mode=MODES[mode], masked_columns=MASKED))["decision"])
        for mode, texts in TEXTS[kind].items()
        for text in texts
    ]


def test_at_least_98_of_100_dangerous_texts_are_stopped(decider: Decider) -> None:
    found = [*words("block", decider), *words("masked", decider)]
    passed = [(mode, text) for mode, text, word in found if word == "allow"]
    assert len(found) >= 150
    assert len(passed) <= 0.02 * len(found), passed


def test_no_use_of_a_masked_column_but_showing_it_is_allowed_and_its_effect_is_told(decider: Decider) -> None:
    for text in TEXTS["masked"]["ro"]:
        found = decided(decider, line(text, mode="read_only", masked_columns=MASKED))
        assert found["decision"] == "deny", text
        assert any(effect.startswith("masked-") for effect in found["effects"]) or "dynamic-code" in found["effects"], (
            text
        )


def test_at_most_2_of_100_harmless_texts_are_denied(decider: Decider) -> None:
    found = words("pass", decider)
    stopped = [(mode, text) for mode, text, word in found if word == "deny"]
    assert len(found) >= 100
    assert len(stopped) <= 0.02 * len(found), stopped


def test_plain_reads_and_scoped_writes_are_allowed_at_once(decider: Decider) -> None:
    for text in ("SELECT * FROM orders", "DELETE FROM orders WHERE id = 5", "INSERT INTO orders VALUES (1)"):
        assert decided(decider, line(text))["decision"] == "allow", text


@pytest.mark.parametrize("text", ["DELETE FROM orders WHERE id = 5", "INSERT INTO orders VALUES (1)", "VACUUM orders"])
def test_nothing_is_changed_in_read_only_mode(decider: Decider, text: str) -> None:
    found = decided(decider, line(text, mode="read_only"))
    assert found["decision"] == "deny"
    assert "agents.read-only" in found["rules"]


@pytest.mark.parametrize(
    ("raw", "line_id"),
    [
        (b"", None),
        (b"nonsense", None),
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b"[" * 100_000, None),
        (b'{"id": ' + b"9" * 5000 + b"}", None),
        (b'{"id": "x"}', "x"),
        (b'{"id": 7, "protocol": "postgres", "input": ["SELECT 1"]}', 7),
        (b'{"id": 7, "protocol": "postgres", "input": "SELECT 1", "context": "x"}', 7),
        (b'{"id": 7, "protocol": "postgres", "input": "SELECT 1", "context": {"mode": "root"}}', 7),
        (b'{"id": 7, "protocol": "postgres", "input": "SELECT 1", "context": {"mode": ["read_only"]}}', 7),
        (b'{"id": 7, "protocol": "postgres", "input": "SELECT 1", "context": {"masked_columns": "a.b"}}', 7),
        (b'{"id": 7, "protocol": ["postgres"], "input": "SELECT 1"}', 7),
        (b'{"id": {"a": 1}, "input": "SELECT 1"}', {"a": 1}),
    ],
)
def test_a_line_that_is_no_question_is_denied_with_its_id(decider: Decider, raw: bytes, line_id: object) -> None:
    found = decided(decider, raw)
    assert (found["id"], found["decision"], found["effects"], found["rules"]) == (line_id, "deny", [], [])
    assert len(found["reasons"]) == 1


@pytest.mark.parametrize("protocol", ["mongodb", "kubectl", "k8s-api", "http", "", "Postgres"])
def test_a_protocol_without_a_parser_is_denied(decider: Decider, protocol: str) -> None:
    raw = json.dumps({"id": 1, "protocol": protocol, "input": "x"}).encode()
    assert json.loads(decider.answer(raw)) == {
        "id": 1,
        "decision": "deny",
        "effects": [],
        "reasons": ["unknown protocol"],
        "rules": [],
    }


def test_a_line_may_name_its_dialect_alone(decider: Decider) -> None:
    raw = b'{"id": 1, "dialect": "postgres", "input": "SELECT 1"}'
    assert decided(decider, raw)["decision"] == "allow"


def test_texts_and_lines_that_are_too_long_are_denied_unread(decider: Decider) -> None:
    assert "longer" in decided(decider, line("SELECT 1 " * MAX_TEXT))["reasons"][0]
    assert "longer" in decided(decider, b" " * (MAX_LINE + 1))["reasons"][0]


def test_a_parser_that_fails_costs_its_own_line_only() -> None:
    def broken(text: object, context: Mapping[str, Any]) -> Operation:
        raise RuntimeError(text)

    found = decided(Decider(Engine(load_document(None, PACKS)), {"postgres": broken}), line("SELECT secret"))
    assert found["decision"] == "deny"
    assert "secret" not in str(found)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(parserless: Decider, raw: bytes) -> None:
    decided(parserless, raw)


KEYS = st.sampled_from(["id", "protocol", "dialect", "input", "context", "mode", "masked_columns"])
VALUES = st.recursive(
    st.none() | st.text() | st.integers() | st.booleans(),
    lambda inner: st.dictionaries(KEYS, inner) | st.lists(inner),
)


@given(VALUES)
def test_no_json_makes_it_raise(parserless: Decider, value: object) -> None:
    decided(parserless, json.dumps(value).encode())


def test_the_denial_of_a_late_line_has_its_id() -> None:
    assert json.loads(late(line("x"), "too late")) == {
        "id": 1,
        "decision": "deny",
        "effects": [],
        "reasons": ["too late"],
        "rules": [],
    }
    assert json.loads(late(b"x", "too late"))["id"] is None


def test_what_is_not_understood_says_why(decider: Decider) -> None:
    found = decided(decider, line("SELEC 1"))
    assert found["decision"] == "deny"
    assert "baseline.not-understood" in found["rules"]
    assert len(found["reasons"]) >= 2


def reading(*steers: Steer, columns: tuple[Locator, ...] = (), opaque: bool = False) -> Operation:
    return Operation(
        "postgres",
        "sql_query",
        "x",
        actions=frozenset({Action.READ}),
        effects=frozenset({"read"}),
        columns=columns,
        steering=steers,
        opaque=opaque,
    )


@pytest.mark.parametrize(
    ("path", "masked", "word"),
    [
        (("", "customers", "ssn"), ["customers.ssn"], "deny"),
        (("public", "customers", "ssn"), ["customers.ssn"], "deny"),
        (("", "Customers", "SSN"), ["customers.ssn"], "deny"),
        (("", "customers", "ssn"), ["public.customers.ssn"], "deny"),
        (("", "customers", "ssn"), ["ssn"], "deny"),
        (("", "", "ssn"), ["customers.ssn"], "deny"),
        (("", "customers", "*"), ["customers.ssn"], "deny"),
        (("", "", "*"), ["customers.ssn"], "deny"),
        (("", "orders", "ssn"), ["customers.ssn"], "allow"),
        (("", "customers", "id"), ["customers.ssn"], "allow"),
        (("", "orders", "*"), ["customers.ssn"], "allow"),
        (("", "customers", "ssn"), [], "allow"),
    ],
)
def test_a_masked_column_may_only_be_shown(path: tuple[str, ...], masked: list[str], word: str) -> None:
    operation = reading(Steer("predicate", Locator("column", path)))
    made = Decider(Engine(load_document(None, PACKS)), {"postgres": lambda text, context: operation})
    found = decided(made, line("x", masked_columns=masked))
    assert found["decision"] == word
    assert ("masked-predicate" in found["effects"]) == (word == "deny")
    shown = Decider(
        Engine(load_document(None, PACKS)),
        {"postgres": lambda text, context: reading(columns=(Locator("column", path),))},
    )
    assert decided(shown, line("x", masked_fields=masked))["decision"] == "allow"

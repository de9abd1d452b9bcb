"""How each statement uses columns: the pairs in uses/. What steers an answer must never be missing from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.model import Locator
from policy.model import Steer
from tests.backends.postgres.parsing import parse

FOLDER = Path(__file__).parent / "uses"
PAIRS: list[dict[str, Any]] = [
    pair for file in sorted(FOLDER.glob("*.yaml")) for pair in yaml.safe_load(file.read_text(encoding="utf-8"))
]


def written(steer: Steer) -> str:
    schema, table, name = steer.locator.path
    place = f"{schema}.{table}" if schema else table
    return f"{steer.use} {place}.{name}{'?' if steer.locator.kind == 'name' else ''}"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["sql"])
def test_a_statement_uses_columns(pair: dict[str, Any]) -> None:
    operation = parse(pair["sql"])
    assert not operation.problem
    assert {written(steer) for steer in operation.steering} == set(pair["uses"])


def test_comparing_with_many_constants_is_no_look_up() -> None:
    few = ", ".join(f"'{number}'" for number in range(20))
    assert uses_of(f"SELECT id FROM customers WHERE email IN ({few})") == {"equality"}
    assert uses_of(f"SELECT id FROM customers WHERE email IN ({few}, 'x')") == {"predicate"}
    spread = " UNION ALL ".join(["SELECT id FROM customers WHERE email = 'a'"] * 21)
    assert uses_of(spread) == {"predicate"}


def test_statements_of_one_text_add_up() -> None:
    assert uses_of("SELECT id FROM a ORDER BY email; SELECT id FROM b WHERE email > 'm'") == {"order", "predicate"}


def test_deep_layers_are_followed_once_for_each_use() -> None:
    layers = "".join(f", c{n} AS (SELECT e || e AS e FROM c{n - 1})" for n in range(1, 60))
    found = parse(f"WITH c0 AS (SELECT email AS e FROM customers){layers} SELECT e || e FROM c59 ORDER BY e")
    column = Locator("column", ("", "customers", "email"))
    assert set(found.steering) == {Steer("transform", column), Steer("order", column)}


def uses_of(sql: str) -> set[str]:
    return {steer.use for steer in parse(sql).steering}

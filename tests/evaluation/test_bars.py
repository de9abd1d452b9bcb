"""The bars of detection, held on tables of the other generator as docs/detection.md shows them."""

from __future__ import annotations

import pytest

from tests.evaluation import report
from tests.evaluation.__main__ import warded
from tests.evaluation.chart import chart
from tests.evaluation.score import Guess
from tests.evaluation.tables import Table, make_tables


@pytest.fixture(scope="module")
def answered() -> tuple[list[Table], list[Guess]]:
    tables = list(make_tables(rounds=2))
    return tables, [warded(table) for table in tables]


def test_every_bar_holds(answered: tuple[list[Table], list[Guess]]) -> None:
    assert report.missed_bars(*answered) == []


def test_the_bars_see_what_is_missed(answered: tuple[list[Table], list[Guess]]) -> None:
    tables, _guesses = answered
    nothing = [[[""] * len(column.values) for column in table.columns] for table in tables]
    everything = [[["PERSON"] * len(column.values) for column in table.columns] for table in tables]
    assert any("found with names" in line for line in report.missed_bars(tables, nothing))
    assert any("clean cells masked" in line for line in report.missed_bars(tables, everything))


def test_tables_are_the_same_for_the_same_seed() -> None:
    assert list(make_tables(3, rounds=1)) == list(make_tables(3, rounds=1))


def test_the_chart_is_drawn_without_script() -> None:
    drawn = chart([("EMAIL", 0.0, 0.25)], "leaks")
    assert drawn.startswith("<svg")
    assert "script" not in drawn
    assert "25.0%" in drawn

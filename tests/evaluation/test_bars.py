"""The bars of detection, held on tables of another generator at several seeds as docs/detection.md shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluation import report
from tests.evaluation.__main__ import measure
from tests.evaluation.blind import blind_tables
from tests.evaluation.chart import chart
from tests.evaluation.tables import make_tables

SEEDS = (77, 2_024, 7_001)
"""Three of those of `make eval`, at half its size."""


@pytest.fixture(scope="module")
def measured() -> list[report.Figures]:
    return [measure(seed, rounds=1) for seed in SEEDS]


def test_every_bar_holds_in_the_mean_and_no_seed_is_far_off(measured: list[report.Figures]) -> None:
    assert report.missed_bars(measured) == []


@pytest.mark.parametrize(
    "worse",
    [{"found": 0.8}, {"masked": 0.2}, {"typed": 0.6}, {"nameless_found": 0.5}, {"nameless_masked": 0.4}, {"leaked": 1}],
)
def test_the_bars_see_what_is_missed(measured: list[report.Figures], worse: dict[str, float]) -> None:
    spoilt = replace(measured[0], **worse)  # type: ignore[arg-type]
    assert len(report.missed_bars([spoilt])) >= 1
    assert any("at one seed" in line for line in report.missed_bars([*measured, spoilt]))


def test_tables_are_the_same_for_the_same_seed() -> None:
    assert list(make_tables(3, rounds=1)) == list(make_tables(3, rounds=1))
    assert list(blind_tables(3)) == list(blind_tables(3))


def test_the_chart_is_drawn_without_script() -> None:
    drawn = chart([("EMAIL", 0.0, 0.25)], "leaks")
    assert drawn.startswith("<svg")
    assert "script" not in drawn
    assert "25.0%" in drawn

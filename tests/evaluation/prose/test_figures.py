"""The figures of docs/text.md hold: on sentences, people and streams of another kind than those trained on."""

from __future__ import annotations

import re
from pathlib import Path

from tests.evaluation.prose import independent, streams

PAGE = (Path(__file__).parents[3] / "docs" / "text.md").read_text("utf-8")


def told(name: str) -> float:
    """A percentage of the page's tables."""
    found = re.search(rf"^\| {re.escape(name)} \| ([0-9.]+) %", PAGE, re.M)
    assert found, name
    return float(found[1]) / 100


def test_prose_is_masked_as_well_as_the_page_says() -> None:
    score = independent.figures(300, seed=77)
    assert score.names_recall >= told("Names found") - 0.05
    assert score.names_precision >= told("Of what is called a name, names") - 0.05
    assert score.hidden >= told("Sensitive characters hidden") - 0.05
    assert score.overmask <= told("Clean characters hidden") + 0.02


def test_streams_are_masked_as_well_as_the_page_says() -> None:
    score = streams.measure(500, seed=78)
    assert score.hidden >= told("Planted values hidden") - 0.02
    assert score.kept >= told("Clean lines unchanged") - 0.01

"""Statements written against the guard after its rules: each is decided as its file says, and the bars are met.

The files hold dangerous statements, grouped by nothing but what somebody tried, and harmless ones that look like them.
A dangerous statement is stopped if it is denied or held; a harmless one is only hurt if it is denied.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backends.mssql.parse import parse_text as parse_mssql
from backends.mysql.parse import parse_text as parse_mysql
from backends.postgres.parse import understand
from policy.decide import Line, new_decider, read_line
from policy.model import Operation

PARSERS: dict[str, Callable[[str], Operation]] = {
    "postgres": lambda text: understand(text).operation,
    "mysql": parse_mysql,
    "mssql": parse_mssql,
}
BARS = {"postgres": (0.02, 0.02), "mysql": (0.05, 0.03), "mssql": (0.08, 0.03)}
"""Parts of the dangerous statements that may be missed, and of the harmless ones that may be denied."""
LEAST = {"postgres": 250, "mysql": 150, "mssql": 150}


def cases(protocol: str) -> dict[str, list[dict[str, Any]]]:
    path = Path(__file__).parent / "decisions" / f"{protocol}.yaml"
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text("utf-8"))
    return found


def line(protocol: str, case: dict[str, Any]) -> Line:
    context = {"mode": case.get("mode", "read_write"), "masked_columns": case.get("masked", [])}
    return read_line(json.dumps({"protocol": protocol, "input": case["sql"], "context": context}).encode())


def decisions(protocol: str, given: list[dict[str, Any]]) -> list[str]:
    parser = PARSERS[protocol]
    decider = new_decider({protocol: lambda text, _context: parser(str(text))})
    return [str(decider.decide(line(protocol, case))["decision"]) for case in given]


@pytest.mark.parametrize("protocol", PARSERS)
@pytest.mark.parametrize("kind", ["dangerous", "harmless"])
def test_every_statement_is_decided_as_its_file_says(protocol: str, kind: str) -> None:
    given = cases(protocol)[kind]
    found = decisions(protocol, given)
    assert [(case["sql"], case["decision"]) for case in given] == [
        (case["sql"], decision) for case, decision in zip(given, found, strict=True)
    ]


@pytest.mark.parametrize("protocol", PARSERS)
def test_the_bars_are_met(protocol: str) -> None:
    given = cases(protocol)
    dangerous, harmless = (decisions(protocol, given[kind]) for kind in ("dangerous", "harmless"))
    missed, hurt = BARS[protocol]
    assert len(dangerous) + len(harmless) >= LEAST[protocol]
    assert dangerous.count("allow") <= missed * len(dangerous)
    assert harmless.count("deny") <= hurt * len(harmless)

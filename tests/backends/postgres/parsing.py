"""Short ways to parse in tests, and the pairs of statements and verdicts kept in plain files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from backends.postgres.parse import Parser
from policy.model import Operation

PAIRS = Path(__file__).parent / "pairs"


def parse(sql: str, *parameters: object) -> Operation:
    return Parser().parse("sql_query", {"resource": "shop", "sql": sql, "parameters": list(parameters)})


def columns(sql: str) -> set[str]:
    """Columns as "table.column" (leading dots for what the text left open), whole tables as "table.*"."""
    found = parse(sql).columns
    return {".".join(locator.path) + (".*" if locator.kind == "table" else "") for locator in found}


def pairs() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(PAIRS.glob("*.yaml")):
        for pair in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield f"{file.stem}: {pair['sql']}", pair


CASES_SQL = [pair["sql"] for _name, pair in pairs()]

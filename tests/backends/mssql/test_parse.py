"""What statements do, by pairs in pairs/*.yaml, and how many of them the default packs stop."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from backends.mssql.parse import parse_text
from policy.effects import EFFECTS
from policy.model import Action
from tests.backends.sqltree.judging import check_pair, decisions, pairs

DANGEROUS, HARMLESS = pairs("mssql", "dangerous"), pairs("mssql", "harmless")
MISSED, FALSE_ALARMS = 0.08, 0.03  # parts of the whole that are bearable on statements never seen


def sql(found: list[dict[str, Any]]) -> list[str]:
    return [pair["sql"] for pair in found]


@pytest.mark.parametrize("pair", [*DANGEROUS, *HARMLESS], ids=sql([*DANGEROUS, *HARMLESS]))
def test_a_statement_does_what_its_pair_says(pair: dict[str, Any]) -> None:
    check_pair(parse_text, pair)


def test_the_pairs_are_decided_as_they_say() -> None:
    both = [*DANGEROUS, *HARMLESS]
    assert decisions("mssql", parse_text, sql(both)) == [pair["decision"] for pair in both]


def test_dangerous_statements_are_stopped_and_harmless_ones_are_not() -> None:
    assert min(len(DANGEROUS), len(HARMLESS)) >= 100
    assert decisions("mssql", parse_text, sql(DANGEROUS)).count("allow") <= MISSED * len(DANGEROUS)
    assert decisions("mssql", parse_text, sql(HARMLESS)).count("deny") <= FALSE_ALARMS * len(HARMLESS)


def test_nothing_that_writes_is_allowed_where_only_reads_are() -> None:
    given = [pair for pair in HARMLESS if Action.WRITE in pair["actions"] and "session-state" not in pair["effects"]]
    assert len(given) > 20
    assert "allow" not in decisions("mssql", parse_text, sql(given), mode="read_only")


def test_only_effects_of_the_closed_list_are_emitted() -> None:
    names = {name for name, _doc in EFFECTS}
    assert {effect for pair in [*DANGEROUS, *HARMLESS] for effect in pair["effects"]} <= names


def test_sqlglot_is_loaded_by_the_first_statement_and_not_before() -> None:
    program = (
        "import sys\n"
        "from backends.mssql.parse import parse_text\n"
        "before = 'sqlglot' in sys.modules\n"
        "parse_text('SELECT 1')\n"
        "print(before, 'sqlglot' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]

"""warded budgets, and the same over REST."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.budgets.counters import Counters, Key, Want
from server.config_file import load_config
from server.store.engine import open_store
from tests.server.cli.conftest import Warded

KEY = Key("cap", "dana", "bot", "day 2026-03-04", "rows")
RULE = '@id("cap")\n@reason("r")\n@ceiling("100 rows/day")\npermit (principal, action, resource);\n'


async def _spend(config_path: Path) -> None:
    store = await open_store(load_config(config_path).store_url)
    counters = Counters(store, clock=lambda: 1_772_000_000.0)
    await counters.take([Want(KEY, 100, 30), Want(KEY._replace(user="lee"), 100, 5)])
    await counters.raise_by({KEY: 50})
    await store.close()


@pytest.fixture
def spent(warded: Warded) -> Warded:
    asyncio.run(_spend(warded.config))
    (warded.config.parent / "rules" / "cap.cedar").write_text(RULE)
    return warded


def test_what_is_used_is_shown_beside_the_ceiling_with_its_raises(spent: Warded) -> None:
    (found,) = spent.json("budgets", "--user", "dana")
    assert (found["rule"], found["taken"], found["raised"], found["ceiling"]) == ("cap", 30, 50, 150)
    lines = spent.ok("budgets").stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["rule", "user", "agent"]
    assert len(lines) == 3


def test_a_count_whose_rule_is_gone_has_no_ceiling(spent: Warded) -> None:
    (spent.config.parent / "rules" / "cap.cedar").unlink()
    assert {found["ceiling"] for found in spent.json("budgets")} == {None}


def test_explain_shows_the_ceilings_of_what_it_allows_and_the_facts_beside_the_text(spent: Warded) -> None:
    told = spent.ok(
        "policy",
        "explain",
        "-r",
        "shop",
        "-g",
        "dba",
        "--label",
        "EMAIL",
        "--estimated-rows",
        "7",
        "--tainted",
        "SELECT 1",
    ).stdout
    assert "at most 100 rows a day (cap, cap.cedar:1)" in told
    assert [
        line.split()[1] for line in told.splitlines() if line.strip().startswith(("mode:", "tainted:", "estimate:"))
    ] == [
        "read_write",
        "yes",
        "7",
    ]

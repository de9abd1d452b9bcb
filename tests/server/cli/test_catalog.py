"""warded catalog: lists, one column and its reasons, history and exports from the store; decisions through the API."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from catalog.model import Label
from server.catalog.places import Verdict
from server.catalog.saving import mark_pending, save_verdicts
from server.config_file import load_config
from server.store.engine import open_store
from tests.server.cli.conftest import Warded

FOUND = {
    ("shop", "customers", "id"): Verdict("bigint"),
    ("shop", "customers", "email"): Verdict("text", Label.EMAIL, "email", 0.9, evidence={"name": "0.95 email"}),
    ("shop", "orders", "email"): Verdict("text", Label.EMAIL, "email", 0.9),
    ("shop", "orders", "note\x1b[2J"): Verdict("text"),
}
SWEPT = Verdict("", Label.IBAN, "sweep", 1.0, kind="sweep")


async def _fill(path: Path) -> None:
    store = await open_store(load_config(path).store_url)
    await save_verdicts(store, "shop", FOUND, now=1000, baseline=True)
    await mark_pending(store, "shop", {("shop", "orders", "ref"): SWEPT}, now=2000)
    await store.close()


@pytest.fixture
def filled(warded: Warded) -> Warded:
    asyncio.run(_fill(warded.config))
    return warded


def names(warded: Warded, *options: str) -> list[str]:
    return [f"{found['table']}.{found['column']}" for found in warded.json("catalog", "list", *options)]


def test_columns_are_listed_by_label_state_and_part_of_a_name(filled: Warded) -> None:
    assert names(filled, "--label", "email") == ["customers.email", "orders.email"]
    assert names(filled, "--state", "pending") == ["orders.ref"]
    assert names(filled, "-q", "customers", "--state", "clear") == ["customers.id"]
    assert names(filled, "-r", "other") == []


def test_a_list_goes_on_where_it_ended_and_says_so(filled: Warded) -> None:
    first = filled.ok("catalog", "list", "--limit", "2")
    assert "--after shop:shop.customers.id" in first.stderr
    assert names(filled, "--after", "shop:shop.customers.id", "--limit", "1") == ["orders.email"]
    assert filled("catalog", "list", "--after", "nonsense").exit_code == 2


def test_names_cannot_draw_on_the_terminal(filled: Warded) -> None:
    assert "\x1b" not in filled.ok("catalog", "list").stdout


def test_one_column_is_found_by_the_end_of_its_name_and_shown_with_its_reasons(filled: Warded) -> None:
    shown = filled.ok("catalog", "show", "shop", "customers.email").stdout
    assert "shop:shop.customers.email" in shown
    assert "by email (0.90)" in shown
    assert "name: 0.95 email" in filled.ok("catalog", "why", "shop", "customers.email").stdout
    assert "nothing sensitive" in filled.ok("catalog", "why", "shop", "customers.id").stdout
    assert filled.json("catalog", "why", "shop", "ref")["evidence"][0]["kind"] == "sweep"


def test_a_name_that_means_several_columns_or_none_is_refused(filled: Warded) -> None:
    several = filled("catalog", "show", "shop", "email")
    assert several.exit_code == 2
    assert "shop.customers.email, shop.orders.email" in several.stderr
    assert filled("catalog", "show", "shop", "mail").exit_code == 1


def test_the_history_says_what_was_found(filled: Warded) -> None:
    [found] = filled.json("catalog", "history", "shop")
    assert (found["column"], found["what"], found["after"]) == ("ref", "found", "IBAN")
    assert "clear -> IBAN" in filled.ok("catalog", "history").stdout


def test_exports_are_what_other_programs_read(filled: Warded, tmp_path: Path) -> None:
    rows = [*csv.DictReader(io.StringIO(filled.ok("catalog", "export", "-f", "csv").stdout))]
    assert [row["label"] for row in rows] == ["EMAIL", "", "EMAIL", "", "IBAN"]
    filled.ok("catalog", "export", "--format", "openlineage", "-o", str(tmp_path / "out"))
    events = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [event["dataset"]["name"] for event in events] == ["shop.customers", "shop.orders"]
    tags = events[1]["dataset"]["facets"]["tags"]["tags"]
    assert {"key": "review", "value": "pending", "source": "WARDED", "field": "ref"} in tags


def test_a_decision_needs_a_person(filled: Warded) -> None:
    result = filled("catalog", "pin", "shop", "customers.email", "clear")
    assert result.exit_code == 2
    assert "WARDED_TOKEN" in result.stderr


def test_a_target_that_is_not_there_fails_the_scan_in_one_line(filled: Warded) -> None:
    result = filled("catalog", "scan", "shop")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert filled("catalog", "scan", "nowhere").exit_code == 1

"""Arguments of other servers' tools as facts, judged by the parsers of the languages that they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from backends import load_backends
from backends.mcp.definitions import Definition
from backends.mcp.settings import ToolSettings
from backends.mcp.surface import Surface, build_surface
from catalog.model import Locator
from policy.model import Action, Operation

MCP = next(backend for backend in load_backends() if backend.name == "mcp")
SCHEMA = {"type": "object", "properties": {}}


def surface(**settings: ToolSettings) -> Surface:
    names = ("get_thing", "run_query", "fetch_page", "create_ticket", "run_it")
    return build_surface("crm", [Definition("tool", name, input_schema=SCHEMA) for name in names], settings)


def parsed(tool: str, arguments: Mapping[str, Any], **settings: ToolSettings) -> Operation:
    assert MCP.parse_for is not None
    return MCP.parse_for(f"crm_{tool}", arguments, target=surface(**settings))


def test_every_argument_is_a_fact_by_its_pointer() -> None:
    found = parsed("get_thing", {"who": {"a/b": [1, 2]}, "n": None})
    pointers = {target.path[1] for target in found.targets if target.kind == "argument"}
    assert pointers == {"/who/a~1b/0", "/who/a~1b/1", "/n"}
    assert Locator("tool", ("get_thing",)) in found.targets


def test_what_a_mapping_names_is_a_target_with_its_value() -> None:
    told = ToolSettings(arguments={"/project": "target"})
    found = parsed("create_ticket", {"project": "shop"}, create_ticket=told)
    assert Locator("target", ("project", "shop")) in found.targets


def test_declared_sql_is_judged_as_sql_and_takes_the_place_of_running() -> None:
    told = ToolSettings(arguments={"/sql": "postgres"})
    read = parsed("run_query", {"sql": "SELECT id FROM shop.orders"}, run_query=told)
    assert read.actions == {Action.READ}
    assert Locator("table", ("shop", "orders")) in read.targets
    wide = parsed("run_query", {"sql": "DELETE FROM shop.orders"}, run_query=told)
    assert "unbounded-delete" in wide.effects


def test_sql_of_an_unknown_dialect_waits_for_people_even_where_it_reads() -> None:
    found = parsed("run_query", {"sql": "SELECT 1"})
    assert Action.RUN in found.actions
    assert "unknown-tool" in found.effects


def test_a_declared_text_that_is_none_is_not_understood() -> None:
    told = ToolSettings(arguments={"/sql": "postgres"})
    for value in (7, "not sql at all ;;", "SELEC 1"):
        found = parsed("run_query", {"sql": value}, run_query=told)
        assert Action.UNKNOWN in found.actions
        assert found.problem


def test_a_command_is_judged_as_a_shell_judges_it() -> None:
    found = parsed("run_it", {"command": "rm -rf /"})
    assert {"bulk-delete", "protected-path"} & found.effects
    assert Locator("program", ("rm",)) in found.targets


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "http://169.254.169.254/"},
        {"target": "http://127.0.0.1/"},
        {"urls": ["https://example.com", "file:///etc/passwd"]},
        {"options": {"href": "gopher://x"}},
    ],
)
def test_a_tool_that_fetches_is_not_sent_inside(arguments: dict[str, Any]) -> None:
    assert "internal-address" in parsed("fetch_page", arguments).effects


def test_a_note_about_an_inner_address_is_only_a_note() -> None:
    assert "internal-address" not in parsed("create_ticket", {"text": "http://localhost is broken"}).effects


def test_the_same_arguments_in_another_order_are_the_same_call() -> None:
    one, two = parsed("get_thing", {"a": 1, "b": 2}), parsed("get_thing", {"b": 2, "a": 1})
    assert one.digest == two.digest
    assert one.digest != parsed("get_thing", {"a": 1, "b": 3}).digest


def test_arguments_that_no_server_should_be_sent_are_refused() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    for arguments in ({"a": deep}, {"a": float("nan")}, {"a": list(range(20_000))}, {"a": "x" * 5_000_000}):
        with pytest.raises(ValueError):
            parsed("get_thing", arguments)


def test_a_tool_that_the_server_does_not_offer_is_not_parsed() -> None:
    with pytest.raises(ValueError):
        parsed("drop_everything", {})
    with pytest.raises(ValueError):
        MCP.parse("crm_get_thing", {})

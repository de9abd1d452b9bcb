"""What tools of other servers count as: name, description and schema → action, effects, reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.mcp.classify import classify
from backends.mcp.definitions import Definition
from backends.mcp.naming import LONGEST, verb_name
from backends.mcp.settings import ToolSettings
from backends.mcp.surface import build_surface
from policy.effects import Effect
from policy.model import Action


def tool(name: str, description: str = "", *arguments: str, **annotations: Any) -> Definition:
    schema = {"type": "object", "properties": {argument: {"type": "string"} for argument in arguments}}
    return Definition("tool", name, description=description, input_schema=schema, annotations=annotations)


@pytest.mark.parametrize(
    ("definition", "action"),
    [
        (tool("get_issue", "Gets an issue."), "read"),
        (tool("listPullRequests"), "read"),
        (tool("search-code"), "read"),
        (tool("get_post"), "read"),
        (tool("create_issue"), "write"),
        (tool("add_comment_to_issue"), "write"),
        (tool("get_or_create_user"), "write"),
        (tool("delete_branch"), "write"),
        (tool("list_and_purge_queue"), "write"),
        (tool("send_email"), "transfer"),
        (tool("slack_post_message", "", "channel", "text"), "transfer"),
        (tool("find_person", "", "to", "body"), "transfer"),
        (tool("fetch_url", "", "url"), "transfer"),
        (tool("get_page", "", "url"), "transfer"),
        (tool("restart_service"), "administer"),
        (tool("update_user_permission"), "write"),
        (tool("grant_role"), "administer"),
        (tool("run_query", "", "sql"), "run"),
        (tool("executeCommand"), "run"),
        (tool("get_result", "", "code"), "run"),
        (tool("get_weather", "Gets the weather. Sends the location to a server."), "transfer"),
        (tool("read_file", "Deletes a file."), "write"),
        (tool("frobnicate"), "run"),
        (tool("x"), "run"),
        (tool(""), "run"),
    ],
    ids=lambda value: value.name if isinstance(value, Definition) else value,
)
def test_the_gravest_thing_that_anything_tells_counts(definition: Definition, action: str) -> None:
    found = classify(definition)
    assert found.action == action
    assert found.reason


def test_a_tool_that_nothing_tells_of_is_unknown() -> None:
    assert classify(tool("frobnicate")).effects == {Effect.UNKNOWN_TOOL}
    assert not classify(tool("frobnicate")).is_known


def test_what_the_server_claims_makes_no_tool_harmless_and_may_make_it_worse() -> None:
    assert classify(tool("delete_all", readOnlyHint=True, destructiveHint=False)).action is Action.WRITE
    assert Effect.TOOL_DELETE in classify(tool("delete_all", readOnlyHint=True)).effects
    assert classify(tool("get_all", destructiveHint=True)).effects == {Effect.UNKNOWN_TOOL}


def test_the_configuration_has_the_last_word() -> None:
    found = classify(tool("frobnicate"), ToolSettings(action=Action.READ))
    assert (found.action, found.reason) == (Action.READ, "the configuration says so")


NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(NAMES, st.text(min_size=1, max_size=80))
def test_names_fit_every_client_and_are_the_same_every_time(resource: str, name: str) -> None:
    found = verb_name(resource, name)
    assert len(found) <= LONGEST
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert found == verb_name(resource, name)


@given(st.sets(st.tuples(NAMES, st.text("ab_./ -é", min_size=1, max_size=4)), max_size=30))
def test_no_two_tools_get_one_name(pairs: set[tuple[str, str]]) -> None:
    assert len({verb_name(*pair) for pair in pairs}) == len(pairs)


def test_a_tool_never_takes_the_name_of_one_of_our_own() -> None:
    assert verb_name("sql", "query") != "sql_query"
    assert verb_name("list", "resources") != "list_resources"
    assert verb_name("call", "tool") != "call_tool"
    assert verb_name("github", "create_issue") == "github_create_issue"


def test_the_surface_does_not_depend_on_the_order_of_the_list() -> None:
    tools = [tool("get_b"), tool("get_a"), tool("delete_c")]
    there, back = build_surface("crm", tools), build_surface("crm", reversed(tools))
    assert list(there.tools) == list(back.tools) == ["crm_delete_c", "crm_get_a", "crm_get_b"]
    assert there.definitions == back.definitions


def test_every_part_of_a_definition_is_in_its_digest() -> None:
    base = tool("get_a", "Gets a.", "id")
    others = [
        tool("get_b", "Gets a.", "id"),
        tool("get_a", "Gets A.", "id"),
        tool("get_a", "Gets a.", "key"),
        tool("get_a", "Gets a.", "id", readOnlyHint=True),
        Definition("prompt", "get_a", description="Gets a.", input_schema=base.input_schema),
        Definition("tool", "get_a", "A", description="Gets a.", input_schema=base.input_schema),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 7

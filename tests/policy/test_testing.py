"""Cases beside the policies: they pass and fail for the right reasons, and a wrong case is told, not passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from backends import load_text_parsers
from catalog.model import Resource
from policy.document import load_document
from policy.engine import Engine
from policy.model import Operation
from policy.testing import _KEYS, Case, CasesUnreadable, Result, read_cases, try_case
from tests.docs.pages import page
from tests.policy.queries import document, resource

RULES = """
@id("dev") @reason("r") permit (principal in Group::"dev", action in [Action::"connect", Action::"read"], resource);
@id("mail") @reason("r") permit (principal in Group::"dev", action == Action::"reveal", resource == Label::"EMAIL");
@id("write") @reason("r") permit (principal in Group::"dev", action == Action::"write", resource);
@id("hold") @reason("r") @hold("leads") forbid (principal, action == Action::"write", resource)
when { resource.hasTag("env") && resource.getTag("env") == "prod" } unless { context.approvals.contains("leads") };
@id("night") @reason("r") forbid (principal, action, resource is Resource) when { context.now.hour < 6 };
"""
SHOP = {"shop": resource({"env": "prod"}, name="shop")}
AT = "2026-03-04T12:00:00Z"


def parse(kind: str, text: str) -> Operation:
    return load_text_parsers()[kind](text, {})


def written(folder: Path, text: str) -> list[Case]:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "cases.yaml").write_text(text)
    return read_cases(folder)


def tried(folder: Path, **keys: Any) -> Result:
    (case,) = written(folder, yaml.safe_dump([keys]))
    resources: dict[str, Resource] = dict(SHOP)
    return try_case(case, Engine(document(RULES)), resources=resources, parse=parse)


BASE = {"groups": ["dev"], "resource": "shop", "at": AT}


@pytest.mark.parametrize(
    "keys",
    [
        {**BASE, "sql": "SELECT 1", "expect": "allow", "rules": ["dev"]},
        {**BASE, "sql": "DELETE FROM t WHERE id = 1", "expect": "hold", "approvers": ["leads"], "rules": ["hold"]},
        {**BASE, "sql": "DELETE FROM t WHERE id = 1", "approvals": ["leads"], "expect": "allow"},
        {**BASE, "sql": "DELETE FROM t WHERE id = 1", "tags": {"env": "dev"}, "expect": "allow", "rules": ["write"]},
        {**BASE, "sql": "SELECT 1", "at": "2026-03-04T02:00:00Z", "expect": "deny", "rules": ["night"]},
        {**BASE, "actions": ["read"], "labels": ["EMAIL", "SSN"], "expect": "allow", "revealed": ["EMAIL"]},
        {**BASE, "actions": ["write"], "effects": ["insert"], "via": "person", "expect": "hold"},
        {"groups": [], "resource": "shop", "at": AT, "actions": ["read"], "expect": "deny"},
        {"groups": ["dev"], "tags": {}, "at": AT, "actions": ["read"], "expect": "allow"},
    ],
)
def test_a_case_that_comes_out_as_it_says_passes(tmp_path: Path, keys: dict[str, Any]) -> None:
    result = tried(tmp_path, **keys)
    assert result.ok, result


@pytest.mark.parametrize(
    ("keys", "key", "found"),
    [
        ({**BASE, "sql": "SELECT 1", "expect": "deny"}, "expect", "allow (dev)"),
        ({**BASE, "groups": [], "sql": "SELECT 1", "expect": "allow"}, "expect", "deny (no rule)"),
        ({**BASE, "sql": "SELECT 1", "expect": "allow", "rules": ["write"]}, "rules", ["dev"]),
        ({**BASE, "sql": "DELETE FROM t WHERE id = 1", "expect": "hold", "approvers": ["dba"]}, "approvers", ["leads"]),
        ({**BASE, "actions": ["read"], "labels": ["EMAIL"], "expect": "allow", "revealed": []}, "revealed", ["EMAIL"]),
    ],
)
def test_a_case_that_comes_out_differently_says_how(tmp_path: Path, keys: dict[str, Any], key: str, found: Any) -> None:
    result = tried(tmp_path, **keys)
    assert not result.ok
    assert [(each.key, each.found) for each in result.differences] == [(key, found)]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"resource": "shpo", "sql": "SELECT 1", "expect": "allow"}, "did you mean 'shop'"),
        ({"resource": "x", "kind": "abacus", "tags": {}, "sql": "SELECT 1", "expect": "allow"}, "abacus"),
        ({**BASE, "actions": ["raed"], "expect": "allow"}, "did you mean 'read'"),
        ({**BASE, "actions": ["read"], "effects": ["truncated"], "expect": "allow"}, "did you mean 'truncate'"),
        ({**BASE, "labels": ["EMIAL"], "expect": "allow"}, "did you mean 'EMAIL'"),
        ({**BASE, "at": "2026-03-04T12:00:00", "expect": "allow"}, "zone"),
        ({**BASE, "at": "noon", "expect": "allow"}, "noon"),
    ],
)
def test_a_case_that_cannot_be_tried_fails_and_says_why(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    def unknown(kind: str, text: str) -> Operation:
        raise ValueError(f"nothing here parses {kind!r}")

    (case,) = written(tmp_path, yaml.safe_dump([keys]))
    result = try_case(case, Engine(document(RULES)), resources=SHOP, parse=unknown)
    assert not result.ok
    assert words in result.problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not YAML"),
        ("a: 1", "is a list"),
        ("- 1", "case 1: a case is a mapping"),
        ("- {expect: maybe}", "allow, hold or deny"),
        ("- {sql: SELECT 1}", "allow, hold or deny"),
        ("- {expect: allow, gruops: [a]}", "did you mean 'groups'"),
        ("- {expect: allow, groups: a}", "groups cannot be 'a'"),
        ("- {expect: allow, via: robot}", "via cannot be 'robot'"),
        ("- {expect: allow, sql: SELECT 1, actions: [read]}", "not both"),
    ],
)
def test_a_file_of_cases_that_is_wrong_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CasesUnreadable) as caught:
        written(tmp_path, text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("tests/cases.yaml")


def test_every_key_that_the_documentation_lists_is_taken_and_no_other() -> None:
    part = page("policy.md").prose.partition("## Testing rules\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| `")]
    assert {key.strip("`") for row in rows for key in row.split(", ")} == set(_KEYS)


def test_a_folder_without_cases_has_none(tmp_path: Path) -> None:
    assert read_cases(tmp_path) == []


def test_the_cases_that_the_documentation_shows_can_be_tried(tmp_path: Path) -> None:
    (text,) = page("policy.md").blocks("yml")
    engine = Engine(load_document(None, ["baseline"]))
    results = [try_case(case, engine, resources=SHOP, parse=parse) for case in written(tmp_path, text)]
    assert len(results) == 3
    assert [result.problem for result in results] == ["", "", ""]
    assert results[-1].ok

"""Loading rules: what is refused, in which words, and what makes a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cedarpy
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.document import Source, build_document, load_document, pack_names
from policy.problems import PolicyDocumentError, Problem
from policy.source import split_policies

REFUSALS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("pairs").joinpath("refusals.yaml").read_text())
RULE = '@id("{}") permit (principal, action, resource);\n'


def refused(*sources: tuple[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(PolicyDocumentError) as caught:
        build_document(Source(*source) for source in sources)
    return caught.value.problems


@pytest.mark.parametrize("pair", REFUSALS, ids=lambda pair: pair["name"])
def test_a_broken_rule_is_refused_with_place_and_nearest_name(pair: dict[str, Any]) -> None:
    (problem,) = refused(("ok.cedar", RULE.format("ok")), ("shop.cedar", f"// first line\n\n{pair['text']}"))
    assert problem == Problem(
        pair["says"], file="shop.cedar", line=3, rule=pair.get("rule", "a"), nearest=pair.get("nearest", "")
    )


def test_a_problem_reads_as_one_line() -> None:
    (problem,) = refused(("shop.cedar", '@id("a") permit (principal, action == Action::"raed", resource);'))
    assert str(problem) == "shop.cedar:1: rule a: there is no action 'raed' (did you mean 'read'?)"


def test_an_id_used_twice_names_both_places() -> None:
    (problem,) = refused(("a.cedar", "\n" + RULE.format("x")), ("b.cedar", RULE.format("x")))
    assert str(problem) == "b.cedar:1: rule x: the same @id is already used at a.cedar:2"


def test_every_problem_is_reported_at_once() -> None:
    problems = refused(("a.cedar", "permit (principal, action, resource);\npermt (principal);\n" + RULE.format("ok")))
    assert [problem.line for problem in problems] == [1, 2]


def test_an_unknown_pack_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PolicyDocumentError, match=r"there is no rule pack 'baselin' \(did you mean 'baseline'\?\)"):
        load_document(None, ["baselin"])


def test_a_pack_cannot_be_reached_by_path() -> None:
    with pytest.raises(PolicyDocumentError, match="there is no rule pack"):
        load_document(None, ["../packs/baseline"])


def test_every_shipped_pack_loads() -> None:
    for name in pack_names():
        assert load_document(None, [name]).policies


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyDocumentError, match="does not exist"):
        load_document(tmp_path / "absent", [])


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.cedar").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyDocumentError, match=r"bad\.cedar: the file is not UTF-8 text"):
        load_document(tmp_path, [])


def test_folders_are_read_whole_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "a.cedar").write_text(RULE.format("deep"))
    (tmp_path / "b.cedar").write_text(RULE.format("b"))
    (tmp_path / "a.cedar").write_text(RULE.format("a1") + RULE.format("a2"))
    (tmp_path / "notes.txt").write_text("not a rule")
    document = load_document(tmp_path, [])
    assert [(rule.id, rule.file, rule.line) for rule in document.policies] == [
        ("a1", "a.cedar", 1),
        ("a2", "a.cedar", 2),
        ("b", "b.cedar", 1),
        ("deep", "teams/a.cedar", 1),
    ]


def test_a_mounted_config_map_is_not_read_twice(tmp_path: Path) -> None:
    versioned = tmp_path / "..2026_03_04"
    versioned.mkdir()
    (versioned / "a.cedar").write_text(RULE.format("a"))
    (tmp_path / "..data").symlink_to(versioned, target_is_directory=True)
    (tmp_path / "a.cedar").symlink_to(tmp_path / "..data" / "a.cedar")
    assert [rule.file for rule in load_document(tmp_path, []).policies] == ["a.cedar"]


def test_the_version_follows_every_text_and_pack(tmp_path: Path) -> None:
    file = tmp_path / "a.cedar"
    file.write_text(RULE.format("a"))
    first = load_document(tmp_path, [])
    assert first.version == load_document(tmp_path, []).version
    assert len(first.version) == 16
    with_pack = load_document(tmp_path, ["baseline"])
    file.write_text(RULE.format("a") + "// a word\n")
    assert len({first.version, with_pack.version, load_document(tmp_path, []).version}) == 3


def test_semicolons_in_strings_and_comments_end_no_rule() -> None:
    text = '// a; comment\n@id("a") @reason("x; \\"y\\"; // z") permit (principal, action, resource // no; end\n);\n'
    (rule,) = build_document([Source("a", text)]).policies
    assert (rule.reason, rule.line) == ('x; "y"; // z', 2)


SOUP = st.sampled_from(
    [
        "permit (principal, action, resource);",
        'forbid (principal, action, resource) when { "a;//b\\"" == "" };',
        '@reason("; // \\" ;")',
        *'";/ \n\r\t\\é',
        "//",
        "// a; comment\n",
        "// a; comment\r",
        "\u2028",
    ]
)


def cedar_reads(text: str) -> list[Any] | None:
    try:
        return list(json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values())
    except ValueError:
        return None


@given(st.lists(SOUP, max_size=12).map("".join))
def test_cutting_a_file_gives_cedar_the_same_rules_as_the_whole_file(text: str) -> None:
    whole = cedar_reads(text)
    parts = [cedar_reads(piece.text) for piece in split_policies(text)]
    if whole is not None:
        assert parts == [[rule] for rule in whole]


@given(st.lists(SOUP, max_size=12).map("".join))
def test_cutting_a_file_makes_no_rule_that_the_whole_file_does_not_have(text: str) -> None:
    pieces = list(split_policies(text))
    if pieces and all(cedar_reads(piece.text) for piece in pieces):
        assert cedar_reads(text) is not None or not text.isascii()


@given(st.text(max_size=60))
def test_any_text_loads_or_is_refused_in_words(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        build_document([Source("any.cedar", text)])
    except PolicyDocumentError as error:
        problems = error.problems
    assert all(problem.message and problem.line for problem in problems)

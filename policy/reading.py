"""From the text of rules to Rule values: parse, annotations, words, schema; every problem is collected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import cedarpy

from policy.annotations import ANNOTATIONS
from policy.problems import Problem, nearest
from policy.rule import Rule, looks_at
from policy.source import Piece, split_policies
from policy.vocabulary import plain_refusal, unknown_words


def read_rules(
    sources: Iterable[tuple[str, str]], schema: cedarpy.Schema
) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """All rules of (file, text) sources, and all that is wrong with them."""
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for file, text in sources:
        for piece in split_policies(text):
            rule, found = _read_piece(piece, file, schema)
            if rule and rule.id in rules:
                first = rules[rule.id]
                found = [*found, _at(piece, file)(f"the same @id is already used at {first.file}:{first.line}")]
            elif rule:
                rules[rule.id] = rule
            problems.extend(found)
    return tuple(rules.values()), tuple(problems)


def _at(piece: Piece, file: str) -> partial[Problem]:
    return partial(Problem, file=file, line=piece.line, rule=piece.rule_id)


def _read_piece(piece: Piece, file: str, schema: cedarpy.Schema) -> tuple[Rule | None, list[Problem]]:
    problem = _at(piece, file)
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(piece.text))
    except ValueError as error:
        said, meant = plain_refusal(str(error))
        return None, [problem(said, nearest=meant)]
    if len(parsed["staticPolicies"]) != 1 or parsed["templates"]:
        return None, [problem("a rule with a ?slot is a template, which nothing here fills in")]
    (cedar,) = parsed["staticPolicies"].values()
    written = {name: text or "" for name, text in cedar.get("annotations", {}).items()}
    found = [*_annotation_problems(written, cedar["effect"], problem), *_word_problems(cedar, problem)]
    found += _schema_problems(piece, schema, problem)
    if found:
        return None, found
    rule = _rule(piece, file, cedar=cedar, written=written)
    return rule, list(_curing_problems(rule, problem))


def _rule(piece: Piece, file: str, *, cedar: Mapping[str, Any], written: Mapping[str, str]) -> Rule:
    values: dict[str, Any] = {name: ANNOTATIONS[name].read(text) for name, text in written.items()}
    return Rule(effect=cedar["effect"], file=file, line=piece.line, text=piece.text, cedar=cedar, **values)


def _annotation_problems(written: Mapping[str, str], effect: str, problem: partial[Problem]) -> Iterator[Problem]:
    if "id" not in written:
        yield problem("the rule has no @id")
    for name, text in written.items():
        known = ANNOTATIONS.get(name)
        if known is None:
            yield problem(f"there is no annotation @{name}", nearest=nearest(name, ANNOTATIONS))
        elif known.on not in ("both", effect):
            yield problem(f"@{name} belongs on a {known.on}, this is a {effect}")
        else:
            yield from _value_problem(name, text, problem)


def _value_problem(name: str, text: str, problem: partial[Problem]) -> Iterator[Problem]:
    try:
        ANNOTATIONS[name].read(text)
    except ValueError as error:
        yield problem(f"@{name}({json.dumps(text, ensure_ascii=False)}): {error}")


def _word_problems(cedar: Mapping[str, Any], problem: partial[Problem]) -> Iterator[Problem]:
    for fact, word, meant in unknown_words(cedar["conditions"]):
        yield problem(f"context.{fact} never holds {word!r}", nearest=meant)


def _schema_problems(piece: Piece, schema: cedarpy.Schema, problem: partial[Problem]) -> list[Problem]:
    """Cedar repeats itself once an action and adds that no action fits; one plain sentence each is enough."""
    verdict = cedarpy.validate_policies(piece.text, schema)
    sentences = dict.fromkeys(plain_refusal(error.error) for error in verdict.errors)
    if len(sentences) > 1:
        sentences = {key: None for key in sentences if not key[0].startswith("no action fits")}
    if not verdict.validation_passed and not sentences:
        sentences = {("Cedar does not accept this rule", ""): None}
    return [problem(said, nearest=meant) for said, meant in sentences]


def _curing_problems(rule: Rule, problem: partial[Problem]) -> Iterator[Problem]:
    if rule.hold and not looks_at(rule, "approvals"):
        yield problem("@hold cannot cure a rule that does not look at context.approvals")
    if rule.within is not None and not rule.hold:
        yield problem("@within says how long a hold stays open; this rule has no @hold")
    if rule.raised_by and not rule.ceiling:
        yield problem("@raised_by says who may raise a ceiling; this rule has no @ceiling")
    if rule.zone and not looks_at(rule, "now"):
        yield problem("@zone has no effect: this rule does not look at context.now")

"""One rule: a Cedar policy with what its annotations demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from catalog.maskkinds import Kind
from catalog.model import Label
from policy.ceilings import Ceiling
from policy.model import Action


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy of the document. `file` is relative to the policy folder, or `pack:NAME`; `line` counts from 1.

    `cedar` is Cedar's own JSON form of it. `hold` and `raised_by` hold groups as written (`tag:NAME`
    unresolved); `within` and `timeout` are seconds. `zone` names the time zone of its `context.now`, "" = the default.
    """

    id: str
    effect: Literal["permit", "forbid"]
    file: str
    line: int
    text: str
    cedar: Mapping[str, Any]
    reason: str = ""
    suggest: str = ""
    hold: tuple[str, ...] = ()
    within: float | None = None
    max_rows: int | None = None
    max_affected: int | None = None
    timeout: float | None = None
    durability: Literal["", "kernel", "disk"] = ""
    max_estimated: int | None = None
    ceiling: tuple[Ceiling, ...] = ()
    raised_by: tuple[str, ...] = ()
    zone: str = ""
    mask: tuple[tuple[Label, Kind], ...] = ()
    observe: bool = False


def nodes(tree: object) -> Iterator[Mapping[str, Any]]:
    """Every object of a rule's JSON form, outermost first."""
    if isinstance(tree, Mapping):
        yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def looks_at(rule: Rule, fact: str) -> bool:
    """Whether the rule mentions `context.<fact>` (or any attribute of that name: never too few)."""
    return any(node.get("attr") == fact for node in nodes(rule.cedar["conditions"]))


def literals(tree: object) -> list[str]:
    """Every string written out in an expression."""
    return [node["Value"] for node in nodes(tree) if isinstance(node.get("Value"), str)]


def may_reveal(rule: Rule) -> frozenset[Label]:
    """The labels this rule could permit to see, by its scope alone; empty for a forbid. Never too few."""
    scope, resource = rule.cedar["action"], rule.cedar["resource"]
    names = [node["id"] for node in nodes(scope) if "id" in node]
    if rule.effect != "permit" or (scope["op"] != "All" and Action.REVEAL not in names):
        return frozenset()
    kind = resource.get("entity_type") or resource.get("entity", {}).get("type")
    if kind in ("Resource", "ResourceGroup"):
        return frozenset()
    return frozenset({Label(resource["entity"]["id"])}) if resource["op"] == "==" else frozenset(Label)

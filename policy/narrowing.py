"""A pack chosen for some resources only, or only to see what it would do.

The rules of the pack stay as they are written; a condition on the resource's tags is added to each, and @observe. In a
rule about a label `resource` is the label, so the tags are those of `context.resource`, which is the same thing in
every other rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from policy.rule import Rule


class PackChoice(Protocol):
    """One entry of `policy.packs`. Every tag must be as said; `mode` is "enforce" or "observe"."""

    @property
    def pack(self) -> str: ...

    @property
    def tags(self) -> Mapping[str, str]: ...

    @property
    def mode(self) -> str: ...


def narrowed(rule: Rule, choice: PackChoice) -> Rule:
    """The rule as it applies under this choice."""
    conditions = [{"kind": "when", "body": _has(name, value)} for name, value in sorted(choice.tags.items())]
    cedar = {**rule.cedar, "conditions": [*conditions, *rule.cedar["conditions"]]} if conditions else rule.cedar
    return replace(rule, cedar=cedar, observe=rule.observe or choice.mode != "enforce")


def _has(name: str, value: str) -> dict[str, Any]:
    """`context.resource.hasTag(name) && context.resource.getTag(name) == value`, as Cedar's JSON form."""
    resource = {".": {"left": {"Var": "context"}, "attr": "resource"}}
    has = {"hasTag": {"left": resource, "right": {"Value": name}}}
    tag = {"getTag": {"left": resource, "right": {"Value": name}}}
    return {"&&": {"left": has, "right": {"==": {"left": tag, "right": {"Value": value}}}}}

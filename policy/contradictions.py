"""Finds rules whose conditions cannot hold. Says so only where it is certain; everything else is left alone.

All `when` bodies of a rule hold together, and no `unless` body does. So a rule is dead when one of them is a constant
of the wrong kind, when a `when` also stands as an `unless`, or when one fact would have to equal two different texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy.rule import Rule

Tree = Mapping[str, Any]


def never_fires(rule: Rule) -> str:
    """Why the rule is dead, "" when that cannot be said."""
    whens, unlesses = _bodies(rule, "when"), _bodies(rule, "unless")
    if {"Value": False} in whens:
        return "when false"
    if {"Value": True} in unlesses:
        return "unless true"
    if any(part in unlesses for part in whens):
        return "the same condition stands under when and unless"
    return _two_values(whens)


def _bodies(rule: Rule, kind: str) -> list[Tree]:
    """`a && b` under when are two conditions, `a || b` under unless are two exceptions."""
    joint = "&&" if kind == "when" else "||"
    bodies = [condition["body"] for condition in rule.cedar["conditions"] if condition["kind"] == kind]
    return [part for body in bodies for part in _parts(body, joint)]


def _parts(tree: Tree, joint: str) -> Iterator[Tree]:
    sides = tree.get(joint)
    if sides is None:
        yield tree
        return
    yield from _parts(sides["left"], joint)
    yield from _parts(sides["right"], joint)


def _two_values(whens: list[Tree]) -> str:
    needed: dict[str, object] = {}
    for part in whens:
        sides = part.get("==")
        if sides is None:
            continue
        for fact, value in ((sides["left"], sides["right"]), (sides["right"], sides["left"])):
            if "Value" in value and "Value" not in fact:
                known = needed.setdefault(json.dumps(fact, sort_keys=True), value["Value"])
                if known != value["Value"]:
                    return f"the same fact would have to be {known!r} and {value['Value']!r}"
    return ""

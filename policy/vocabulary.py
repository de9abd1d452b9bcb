"""The words rules may use, and a plain sentence with the nearest word where Cedar refuses one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.model import Label
from policy.effects import Effect
from policy.model import Action
from policy.problems import nearest
from policy.rule import literals, nodes

MOMENT_FIELDS = ("year", "month", "day", "hour", "minute", "weekday")
FACT_FIELDS = (
    "protocol",
    "verb",
    "via",
    "agent_id",
    "agent_name",
    "effects",
    "targets",
    "opaque",
    "estimated_rows",
    "mode",
    "tainted",
    "labels",
    "masked",
    "approvals",
    "resource",
    "now",
)
ENTITY_TYPES = ("User", "Group", "Resource", "ResourceGroup", "Label", "Action")

CLOSED_FACTS: Mapping[str, tuple[str, ...]] = {
    "effects": tuple(Effect),
    "labels": tuple(Label),
    "masked": tuple(Label),
    "via": ("agent", "person"),
    "mode": ("read_only", "read_write"),
}
"""Facts whose values are known beforehand: a rule that tests another value would silently never fire."""

_COMPARISONS = ("contains", "containsAll", "containsAny", "==", "!=")
_NOW_FIELDS = tuple(f"now.{field}" for field in MOMENT_FIELDS)
_METHODS = ("contains", "containsAll", "containsAny", "isEmpty", "hasTag", "getTag", "isInRange", "lessThan")

_REFUSALS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"attribute `([^`]+)` in context for .* not found", "context has no {0!r}", (*FACT_FIELDS, *_NOW_FIELDS)),
    (
        r"attribute `([^`]+)` on entity type `(\w+)` not found",
        "{1} has no attribute {0!r}; tags are read with getTag",
        ("kind",),
    ),
    (r"unrecognized entity type `([^`]+)`", "there is no entity type {0!r}", ENTITY_TYPES),
    (r'unrecognized action `Action::"([^"]*)"`', "there is no action {0!r}", tuple(Action)),
    (r'entity `Label::"([^"]*)"` is of an enumerated', "there is no label {0!r}", tuple(Label)),
    (r"invalid policy condition: (\w+)", "a condition starts with when or unless, not {0!r}", ("when", "unless")),
    (r"invalid policy effect: (\w+)", "a rule starts with permit or forbid, not {0!r}", ("permit", "forbid")),
    (r"variable in the policy scope: (\w+)", "the scope cannot hold {0!r}", ("principal", "action", "resource")),
    (r"`(\w+)` is not a valid method", "there is no method {0!r}", _METHODS),
    (r"duplicate annotation: @(\w+)", "the annotation @{0} stands twice", ()),
    (r"unexpected end of input", "the rule ends too early; is a bracket or the final ';' missing?", ()),
    (r"invalid token", "this does not read as Cedar; is a closing quote missing?", ()),
    (
        r'access to tag `"([^"]*)"` on entity type `(\w+)`',
        'getTag("{0}") needs hasTag("{0}") before it, and the scope `resource is Resource` where it could be a Label',
        (),
    ),
    (
        r"unable to find an applicable action",
        "no action fits this principal and resource; reveal is asked of a Label, everything else of a Resource",
        (),
    ),
)
"""(what Cedar 4 says, what we say, the names that could have been meant)."""


def plain_refusal(said: str) -> tuple[str, str]:
    """Cedar's message as (plain sentence, nearest name); a message this table does not know is passed on."""
    for pattern, sentence, known in _REFUSALS:
        match = re.search(pattern, said)
        if match:
            return sentence.format(*match.groups()), nearest(match[1], known) if known else ""
    return re.sub(r"^for policy `[^`]*`,? ?:? ?", "", said), ""


def unknown_words(conditions: object) -> Iterator[tuple[str, str, str]]:
    """(fact, word, nearest) for each value a rule compares with a closed fact and that can never occur."""
    for node in nodes(conditions):
        for operator in _COMPARISONS:
            if isinstance(node.get(operator), Mapping):
                yield from _unknown_in(node[operator])


def _unknown_in(sides: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    left, right = sides.get("left"), sides.get("right")
    for fact, other in ((fact_of(left), right), (fact_of(right), left)):
        known = CLOSED_FACTS.get(fact, ())
        for word in literals(other) if known else ():
            if word not in known:
                yield fact, word, nearest(word, known)


def fact_of(tree: object) -> str:
    """ "effects" for `context.effects`, "" for anything else."""
    access = tree.get(".") if isinstance(tree, Mapping) else None
    if isinstance(access, Mapping) and access.get("left") == {"Var": "context"}:
        return str(access.get("attr", ""))
    return ""

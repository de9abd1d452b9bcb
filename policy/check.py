"""What `warded policy check` reports: every error, and warnings that are certain from the text of the rules alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from policy.contradictions import never_fires
from policy.document import Document, load_document
from policy.narrowing import PackChoice
from policy.problems import PolicyDocumentError, Problem, nearest
from policy.rule import Rule, literals, nodes
from policy.vocabulary import fact_of


@dataclass(frozen=True, slots=True)
class Known:
    """Names that the configuration holds. A rule about any other resource can never fire."""

    resources: frozenset[str]
    groups: frozenset[str]


def check(document: Document, known: Known | None = None) -> list[Problem]:
    """Warnings about a document that loads, in the document's order."""
    found = [warning for rule in document.policies for warning in _warnings(rule, document)]
    if known:
        found += [warning for rule in document.policies for warning in _nowhere(rule, known)]
    enforced = [rule for rule in document.policies if not rule.observe]
    if not any(rule.effect == "permit" for rule in enforced):
        found.append(_warn("there is no permit in force, so everything is denied"))
    return found


def check_folder(folder: Path | None, packs: Sequence[str | PackChoice], known: Known | None = None) -> list[Problem]:
    """Errors if the rules do not load, else the warnings about them."""
    try:
        return check(load_document(folder, packs), known)
    except PolicyDocumentError as error:
        return list(error.problems)


def _warnings(rule: Rule, document: Document) -> Iterator[Problem]:
    warn = partial(_warn, rule=rule)
    if not rule.reason and rule.effect == "forbid":
        yield warn("people who are refused by this rule read no @reason")
    if rule.effect == "permit" and _covers_all(rule):
        yield warn("this permits everybody everything that no other rule forbids")
    for shadow in _shadows(rule, document):
        yield warn(f"this never takes effect: {shadow.id} ({shadow.file}:{shadow.line}) forbids all that it permits")
    if said := never_fires(rule):
        yield warn(f"this can never fire: {said}")
    elif covering := _covering(rule, document):
        yield warn(
            f"this changes no decision: {covering.id} ({covering.file}:{covering.line}) already {_already(rule)}"
        )
    for group in _untested_groups(rule):
        yield warn(f"@hold asks {group!r}, but the rule never looks for the approval of that group")


def _warn(message: str, *, rule: Rule | None = None) -> Problem:
    if rule is None:
        return Problem(message, level="warning")
    return Problem(message, file=rule.file, line=rule.line, rule=rule.id, level="warning")


def _covers_all(rule: Rule) -> bool:
    scope = (rule.cedar["principal"], rule.cedar["action"], rule.cedar["resource"])
    return not rule.cedar["conditions"] and all(part == {"op": "All"} for part in scope)


def _shadows(rule: Rule, document: Document) -> list[Rule]:
    """Forbids without any condition whose scope is at least as wide, part by part, as this permit's."""
    if rule.effect != "permit" or rule.observe:
        return []
    return [other for other in document.policies if other.effect == "forbid" and _always_beats(other, rule)]


def _always_beats(forbid: Rule, permit: Rule) -> bool:
    if forbid.observe or forbid.cedar["conditions"]:
        return False
    parts = ("principal", "action", "resource")
    return all(forbid.cedar[part] in ({"op": "All"}, permit.cedar[part]) for part in parts)


def _covering(rule: Rule, document: Document) -> Rule | None:
    """Another rule in force that fires whenever this one does, where neither demands anything of its own."""
    if rule.observe or _demands(rule):
        return None
    before = document.policies.index(rule)
    for index, other in enumerate(document.policies):
        alike = other is not rule and other.effect == rule.effect and not other.observe and not _demands(other)
        if alike and _covers(other, rule) and (index < before or not _covers(rule, other)):
            return other
    return None


def _demands(rule: Rule) -> bool:
    """A hold can be cured and bounds are gathered from every permit: such a rule adds something in any case."""
    bounds = (rule.max_rows, rule.max_affected, rule.max_estimated, rule.timeout, rule.ceiling, rule.mask)
    return bool(rule.hold or rule.durability or any(bounds))


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Scope as wide or the same, and no condition that the narrow one does not have: certain from the text alone."""
    parts = ("principal", "action", "resource")
    if not all(wide.cedar[part] in ({"op": "All"}, narrow.cedar[part]) for part in parts):
        return False
    if wide.zone != narrow.zone:
        return False
    return all(condition in narrow.cedar["conditions"] for condition in wide.cedar["conditions"])


def _already(rule: Rule) -> str:
    return "permits all of it" if rule.effect == "permit" else "forbids all of it"


def _nowhere(rule: Rule, known: Known) -> Iterator[Problem]:
    """The scope names a resource or a group of resources that the configuration does not have."""
    scope = rule.cedar["resource"]
    named = scope.get("entity") or scope.get("in", {}).get("entity") or {}
    names = {"Resource": known.resources, "ResourceGroup": known.groups}.get(named.get("type", ""))
    if names is not None and named["id"] not in names:
        kind = "resource" if named["type"] == "Resource" else "resource group"
        said = f"this can never fire: the configuration has no {kind} {named['id']!r}"
        yield replace(_warn(said, rule=rule), nearest=nearest(named["id"], names))


def _untested_groups(rule: Rule) -> list[str]:
    """Groups of @hold that stand nowhere in the rule. Rules that compute the group are left alone."""
    tested = {
        word
        for node in nodes(rule.cedar["conditions"])
        for sides in node.values()
        if isinstance(sides, dict) and "approvals" in (fact_of(sides.get("left")), fact_of(sides.get("right")))
        for word in (*literals(sides.get("left")), *literals(sides.get("right")))
    }
    return [group for group in rule.hold if group not in tested and not group.startswith("tag:")] if tested else []

"""From what the rules said to one Decision: deny beats hold beats allow, and nothing said is a denial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from catalog.maskkinds import Kind, strictest
from catalog.model import Label, Resource
from policy.ceilings import Ceiling
from policy.document import Document
from policy.facts import UNKNOWN_ROWS, expected_rows
from policy.model import Allow, Decision, Deny, Hold, Obligations, Query, Reason
from policy.rule import Rule, looks_at
from policy.ruling import Ruling, ask

OBSERVED = "observed: "
"""Starts the text of a reason that comes from a rule with @observe: it was noted, not enforced."""

_NARROW = "Narrow it: name the rows with WHERE on an indexed column, or use LIMIT."
_ASK = "Ask the people who keep the policy of this gateway for a rule that permits it."


def judge(document: Document, query: Query, *, expiry: float) -> Decision:
    """Decide by the rules alone. `expiry` = seconds that a request stays open where no rule says."""
    if document.uses_time and (query.now is None or query.now.tzinfo is None):
        return Deny((Reason("", "A rule looks at the time and this query carries none."),))
    ruling = ask(document, query)
    if ruling.errors:
        return _broken(ruling)
    if ruling.forbids:
        return _forbidden(document, query, ruling, expiry=expiry)
    if ruling.unpermitted or ruling.unrevealed:
        return _unpermitted(query, ruling)
    return _granted(query, ruling)


def groups_here(groups: Iterable[str], resource: Resource) -> frozenset[str]:
    """Groups as a rule names them: `tag:NAME` is the group in the resource's tag NAME, else NAME."""
    return frozenset(
        resource.tags.get(group.removeprefix("tag:"), group.removeprefix("tag:")) if group.startswith("tag:") else group
        for group in groups
    )


def _forbidden(document: Document, query: Query, ruling: Ruling, *, expiry: float) -> Decision:
    """If approvals can cure every forbid that fired, decide once more as if they had been given."""
    approvers = frozenset(group for rule in ruling.forbids for group in groups_here(rule.hold, query.resource))
    reasons = _reasons(ruling.forbids, query) + _observed(ruling)
    if not all(rule.hold for rule in ruling.forbids) or "" in approvers:
        return _denied(query, ruling, reasons)
    cured = ask(document, replace(query, approvals=query.approvals | approvers))
    if cured.errors:
        return _broken(cured)
    if cured.forbids:
        return _denied(query, cured, _reasons(cured.forbids, query) + _observed(cured))
    if cured.unpermitted or cured.unrevealed:
        return _unpermitted(query, cured)
    grant = _granted(query, cured)
    if isinstance(grant, Deny):
        return grant
    within = min((rule.within for rule in ruling.forbids if rule.within is not None), default=expiry)
    return Hold(grant=grant, approvers=approvers, within=within, reasons=reasons)


def _denied(query: Query, ruling: Ruling, reasons: tuple[Reason, ...]) -> Deny:
    """The remedy for these very statements beats a rule's general one, if the rules that deny judge effects."""
    final = [rule for rule in ruling.forbids if not rule.hold] or ruling.forbids
    specific = dict.fromkeys(statement.suggestion for statement in query.operation.statements if statement.suggestion)
    if specific and all(looks_at(rule, "effects") for rule in final):
        return Deny(reasons, remedy=" ".join(specific))
    return Deny(reasons, remedy=next((rule.suggest for rule in final if rule.suggest), ""))


def _broken(ruling: Ruling) -> Deny:
    """Cedar's own words are left out: they may quote values of the query."""
    texts = {rule: f"Rule {rule} could not be evaluated, so nothing is allowed." for rule in ruling.errors}
    if "" in texts:
        texts[""] = "The rules could not be asked about this operation."
    return Deny(tuple(Reason(rule, text) for rule, text in texts.items()) + _observed(ruling))


def _unpermitted(query: Query, ruling: Ruling) -> Deny:
    names = ", ".join([*ruling.unpermitted, *(f"reveal of {label}" for label in ruling.unrevealed)])
    reason = Reason("", f"No rule permits {names} on {query.resource.name}.", _ASK)
    return Deny((reason, *_observed(ruling)), remedy=_ASK)


def _granted(query: Query, ruling: Ruling) -> Allow | Deny:
    """What the permits give, unless the planner expects more than one of them takes."""
    rows = expected_rows(query)
    over = [rule for rule in ruling.permits if rule.max_estimated is not None and rows > rule.max_estimated]
    if over:
        return Deny(tuple(_too_many(rule, rows) for rule in over) + _observed(ruling), remedy=_NARROW)
    kept = obligations(ruling.permits, ruling.revealed, resource=query.resource, reveals=query.reveals)
    return Allow(kept, _reasons(ruling.permits, query) + _observed(ruling))


def _too_many(rule: Rule, rows: int) -> Reason:
    said = f"{_expected(rows)}, and rule {rule.id} takes at most {rule.max_estimated}."
    return Reason(rule.id, said, _NARROW, _place(rule))


def _expected(rows: int) -> str:
    known = rows != UNKNOWN_ROWS
    return f"The planner expects {rows} rows" if known else "How many rows the planner expects is not known"


def obligations(
    permits: Iterable[Rule], revealed: frozenset[Label], *, resource: Resource, reveals: frozenset[Label] = frozenset()
) -> Obligations:
    """The strictest of what the permits that spoke demand, and every ceiling."""
    rules = tuple(permits)
    return Obligations(
        revealed=revealed,
        max_rows=min((rule.max_rows for rule in rules if rule.max_rows is not None), default=None),
        max_affected=min((rule.max_affected for rule in rules if rule.max_affected is not None), default=None),
        timeout=min((rule.timeout for rule in rules if rule.timeout is not None), default=None),
        durability=_strictest({rule.durability for rule in rules}),
        max_estimated=min((rule.max_estimated for rule in rules if rule.max_estimated is not None), default=None),
        ceilings=tuple(ceiling for rule in rules if rule.ceiling for ceiling in _ceilings(rule, resource)),
        masks=_masks(rules),
        reveals=reveals,
    )


def _masks(rules: tuple[Rule, ...]) -> tuple[tuple[Label, Kind], ...]:
    asked: dict[Label, list[Kind]] = {}
    for rule in rules:
        for label, kind in rule.mask:
            asked.setdefault(label, []).append(kind)
    return tuple((label, strictest(kinds)) for label, kinds in sorted(asked.items()))


def _ceilings(rule: Rule, resource: Resource) -> Iterator[Ceiling]:
    raised_by = groups_here(rule.raised_by, resource)
    for ceiling in rule.ceiling:
        yield replace(ceiling, rule=rule.id, place=_place(rule), raised_by=raised_by)


def _strictest(grades: set[Literal["", "kernel", "disk"]]) -> Literal["", "kernel", "disk"]:
    if "disk" in grades:
        return "disk"
    return "kernel" if "kernel" in grades else ""


def _reasons(rules: Iterable[Rule], query: Query | None = None) -> tuple[Reason, ...]:
    return tuple(Reason(rule.id, _text(rule, query), rule.suggest, _place(rule)) for rule in rules)


def _text(rule: Rule, query: Query | None) -> str:
    """What the rule says; a forbid that looks at the estimate says which it was."""
    text = rule.reason or _default_text(rule)
    if query is None or rule.effect != "forbid" or not looks_at(rule, "estimated_rows"):
        return text
    return f"{text} {_expected(expected_rows(query))}."


def _place(rule: Rule) -> str:
    return f"{rule.file}:{rule.line}"


def _default_text(rule: Rule) -> str:
    verb = {"permit": "permits", "forbid": "forbids"}[rule.effect]
    return f"Rule {rule.id} {verb} this."


def _observed(ruling: Ruling) -> tuple[Reason, ...]:
    return tuple(replace(reason, text=OBSERVED + reason.text) for reason in _reasons(ruling.observed))

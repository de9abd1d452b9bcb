"""The composition of rules once more, small and slow: no Cedar, no cache, straight from the documentation.

A `Spec` is a rule that can be written as Cedar (`cedar`) and evaluated here (`speaks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from catalog.model import Label
from policy.model import Action, Query


class Erred(Exception):
    """A rule that cannot be evaluated."""


@dataclass(frozen=True)
class Condition:
    cedar: str
    holds: Callable[[Query, frozenset[Label]], bool]


@dataclass(frozen=True)
class Spec:
    """`actions` None = every action. `group`, `place`, `label` narrow the scope, "" = any; `label` is for reveal."""

    id: str
    effect: str
    actions: tuple[Action, ...] | None = None
    group: str = ""
    place: str = ""
    label: str = ""
    conditions: tuple[tuple[str, Condition], ...] = ()
    hold: tuple[str, ...] = ()
    within: int = 0
    max_rows: int = 0
    timeout: int = 0
    durability: str = ""
    max_estimated: int = 0
    ceiling: int = 0
    zone: str = ""
    observe: bool = False

    def cedar(self) -> str:
        notes = {
            "id": self.id,
            "hold": ",".join(self.hold),
            "within": f"{self.within}s" if self.within else "",
            "max_rows": str(self.max_rows or ""),
            "timeout": f"{self.timeout}s" if self.timeout else "",
            "durability": self.durability,
            "max_estimated": str(self.max_estimated or ""),
            "ceiling": f"{self.ceiling} rows/day" if self.ceiling else "",
            "zone": self.zone,
            "observe": "true" if self.observe else "",
        }
        head = " ".join(f'@{name}("{text}")' for name, text in notes.items() if text)
        who = f'principal in Group::"{self.group}"' if self.group else "principal"
        names = ", ".join(f'Action::"{action}"' for action in self.actions or ())
        what = f"action in [{names}]" if self.actions is not None else "action"
        tail = " ".join(f"{kind} {{ {condition.cedar} }}" for kind, condition in self.conditions)
        return f"{head}\n{self.effect} ({who}, {what}, {self._where()}) {tail};\n"

    def _where(self) -> str:
        if self.label:
            return f'resource == Label::"{self.label}"'
        return f'resource in ResourceGroup::"{self.place}"' if self.place else "resource"

    def in_scope(self, query: Query, asked: Action | Label) -> bool:
        action = Action.REVEAL if isinstance(asked, Label) else asked
        if self.actions is not None and action not in self.actions:
            return False
        if self.group and self.group not in query.identity.groups:
            return False
        if isinstance(asked, Label):
            return not self.place and self.label in ("", asked)
        return not self.label and (not self.place or self.place in query.resource.groups)

    def speaks(self, query: Query, asked: Action | Label, masked: frozenset[Label]) -> bool:
        if not self.in_scope(query, asked):
            return False
        if self.zone and query.now:
            query = replace(query, now=query.now.astimezone(ZoneInfo(self.zone)))
        return all(condition.holds(query, masked) is (kind == "when") for kind, condition in self.conditions)


@dataclass
class Heard:
    """Who spoke over all requests of one query."""

    erred: set[str]
    forbids: set[str]
    permits: set[str]
    observed: set[str]
    unpermitted: bool
    revealed: frozenset[Label]


def decide(specs: Sequence[Spec], query: Query, *, expiry: float) -> dict[str, Any]:
    """The decision as plain data, comparable with `outline` of the engine's."""
    heard = listen(specs, query)
    if heard.erred or not heard.forbids:
        return plain(specs, heard, query)
    fired = [spec for spec in specs if spec.id in heard.forbids]
    if not all(spec.hold for spec in fired):
        return {"outcome": "deny", "rules": heard.forbids | heard.observed}
    groups = frozenset(group for spec in fired for group in spec.hold)
    approved = replace(query, approvals=query.approvals | groups)
    grant = plain(specs, listen(specs, approved), approved)
    if grant["outcome"] == "deny":
        return grant
    within = min([float(spec.within) for spec in fired if spec.within], default=expiry)
    rules = heard.forbids | heard.observed
    return {"outcome": "hold", "rules": rules, "approvers": groups, "within": within, "grant": grant}


def expected(query: Query) -> float:
    """Rows that the planner expects: none where nothing is read or changed, more than any number where not known."""
    if query.operation.actions == {Action.CONNECT}:
        return 0
    return float("inf") if query.estimated_rows is None else query.estimated_rows


def plain(specs: Sequence[Spec], heard: Heard, query: Query) -> dict[str, Any]:
    if heard.erred:
        return {"outcome": "deny", "rules": heard.erred | heard.observed}
    if heard.forbids:
        return {"outcome": "deny", "rules": heard.forbids | heard.observed}
    if heard.unpermitted:
        return {"outcome": "deny", "rules": {""} | heard.observed}
    gave = [spec for spec in specs if spec.id in heard.permits]
    if over := {spec.id for spec in gave if spec.max_estimated and expected(query) > spec.max_estimated}:
        return {"outcome": "deny", "rules": over | heard.observed}
    return {
        "outcome": "allow",
        "rules": heard.permits | heard.observed,
        "revealed": heard.revealed,
        "max_rows": min([spec.max_rows for spec in gave if spec.max_rows], default=None),
        "timeout": min([float(spec.timeout) for spec in gave if spec.timeout], default=None),
        "durability": max([spec.durability for spec in gave], key=["", "kernel", "disk"].index, default=""),
        "max_estimated": min([spec.max_estimated for spec in gave if spec.max_estimated], default=None),
        "ceilings": {(spec.id, spec.ceiling) for spec in gave if spec.ceiling},
    }


def listen(specs: Sequence[Spec], query: Query) -> Heard:
    heard = Heard(set(), set(), set(), set(), False, frozenset())
    permits = [spec for spec in specs if spec.effect == "permit"]
    labels = [label for label in sorted(query.labels) if any(could_reveal(spec, label) for spec in permits)]
    heard.revealed = frozenset(
        label for label in labels if ask(specs, query, label, masked=frozenset(), heard=heard) == "given"
    )
    heard.forbids.clear()  # a forbid on reveal masks, it does not deny
    masked = query.labels - heard.revealed
    actions = {Action.CONNECT, *(query.operation.actions or {Action.UNKNOWN})}
    said = [ask(specs, query, action, masked=masked, heard=heard) for action in actions]
    heard.unpermitted = "silence" in said
    return heard


def could_reveal(spec: Spec, label: Label) -> bool:
    """By its scope for resources and actions alone, whoever asks."""
    reaches = spec.actions is None or Action.REVEAL in spec.actions
    return reaches and not spec.place and spec.label in ("", label)


def ask(specs: Iterable[Spec], query: Query, asked: Action | Label, *, masked: frozenset[Label], heard: Heard) -> str:
    """Note everyone who speaks about one request: is it "forbidden", "given", or met with "silence"?"""
    fired: set[str] = set()
    gave: set[str] = set()
    for spec in specs:
        try:
            speaks = spec.speaks(query, asked, masked)
        except Erred:
            heard.erred |= set() if spec.observe else {spec.id}
            continue
        if speaks and spec.observe:
            heard.observed.add(spec.id)
        elif speaks:
            (fired if spec.effect == "forbid" else gave).add(spec.id)
    heard.forbids |= fired
    heard.permits |= set() if fired else gave
    return "forbidden" if fired else "given" if gave else "silence"

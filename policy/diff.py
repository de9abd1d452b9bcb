"""Two versions of the rules, asked the same questions: who gains what, who loses what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from catalog.maskkinds import DEFAULT, KINDS, Kind
from catalog.model import Label, Resource
from policy.document import Document
from policy.effects import Effect
from policy.engine import Engine
from policy.explain import describe
from policy.model import Action, Agent, Identity, Operation, Query
from policy.rule import nodes

Direction = Literal["gains", "loses", "differs"]

RANK = {"deny": 0, "hold": 1, "allow": 2}
MOMENTS = (datetime(2026, 3, 4, 12, 0, tzinfo=UTC), datetime(2026, 3, 7, 2, 0, tzinfo=UTC))
"""A Wednesday noon and a Saturday night: asked where a rule looks at the time."""

_A = Action
OPERATIONS: Sequence[tuple[str, tuple[Action, ...], tuple[Effect, ...]]] = (
    ("read", (_A.READ,), (Effect.READ,)),
    ("read the catalog", (_A.READ,), (Effect.CATALOG_READ, Effect.READ)),
    ("plan a statement", (_A.READ,), (Effect.PLAN_ONLY,)),
    ("insert rows", (_A.WRITE,), (Effect.INSERT,)),
    ("update named rows", (_A.WRITE,), (Effect.SCOPED_UPDATE,)),
    ("delete named rows", (_A.WRITE,), (Effect.SCOPED_DELETE,)),
    ("write by a wide predicate", (_A.WRITE,), (Effect.SCOPED_UPDATE, Effect.SUSPICIOUS_PREDICATE)),
    ("update every row", (_A.WRITE,), (Effect.UNBOUNDED_UPDATE,)),
    ("delete every row", (_A.WRITE,), (Effect.UNBOUNDED_DELETE,)),
    ("truncate", (_A.WRITE,), (Effect.TRUNCATE,)),
    ("create", (_A.DEFINE,), (Effect.CREATE,)),
    ("create a table from a query", (_A.DEFINE, _A.READ), (Effect.CREATE_AS, Effect.READ)),
    ("alter", (_A.DEFINE,), (Effect.ALTER,)),
    ("drop an index or a view", (_A.DEFINE,), (Effect.DROP_INDEX_OR_VIEW,)),
    ("drop", (_A.DEFINE,), (Effect.DROP,)),
    ("grant", (_A.ADMINISTER,), (Effect.GRANT,)),
    ("change a setting", (_A.ADMINISTER,), (Effect.SETTING_CHANGE,)),
    ("maintain", (_A.ADMINISTER,), (Effect.MAINTENANCE,)),
    ("call an unknown function", (_A.READ, _A.RUN), (Effect.READ, Effect.UNKNOWN_FUNCTION)),
    ("run code built as text", (_A.RUN,), (Effect.DYNAMIC_CODE,)),
    ("copy out in bulk", (_A.READ, _A.TRANSFER), (Effect.COPY_OUT, Effect.READ)),
    ("copy in in bulk", (_A.TRANSFER, _A.WRITE), (Effect.COPY_IN, Effect.INSERT)),
    ("use a server file", (_A.TRANSFER,), (Effect.SERVER_FILE,)),
    ("do what is not understood", (_A.UNKNOWN,), (Effect.UNPARSED,)),
)
"""What the grid asks, in the words that people read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. `rules` are those that spoke."""

    word: str
    approvers: tuple[str, ...]
    revealed: frozenset[str]
    rules: tuple[str, ...]
    masks: tuple[tuple[str, Kind], ...] = ()

    def __str__(self) -> str:
        asked = f" by {', '.join(self.approvers)}" if self.approvers else ""
        shown = f", shows {', '.join(sorted(self.revealed))}" if self.revealed else ""
        hidden = "".join(f", masks {label} by {kind}" for label, kind in self.masks)
        return f"{self.word}{asked}{shown}{hidden}"


@dataclass(frozen=True, slots=True)
class Question:
    """A query and its words: who asks, of which resource, what."""

    who: str
    where: str
    what: str
    query: Query


@dataclass(frozen=True, slots=True)
class Change:
    """A question that is answered differently."""

    question: Question
    before: Outcome
    after: Outcome

    @property
    def direction(self) -> Direction:
        before = (RANK[self.before.word], self.before.revealed)
        after = (RANK[self.after.word], self.after.revealed)
        if before[0] != after[0]:
            return "gains" if after[0] > before[0] else "loses"
        if before[1] != after[1]:
            return "gains" if after[1] > before[1] else "loses" if after[1] < before[1] else "differs"
        return _masked_otherwise(dict(self.before.masks), dict(self.after.masks))


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that read the same. `whats` are the distinct things asked, `times` how many questions there were."""

    direction: Direction
    who: str
    where: str
    before: str
    after: str
    rules: tuple[str, ...]
    whats: tuple[str, ...]
    times: int


def _masked_otherwise(before: Mapping[str, Kind], after: Mapping[str, Kind]) -> Direction:
    """A looser mask shows more, a stricter one less; both at once, or neither, is just another."""
    moves = [
        KINDS.index(after.get(label, DEFAULT[Label(label)])) - KINDS.index(before.get(label, DEFAULT[Label(label)]))
        for label in {*before, *after}
    ]
    looser, stricter = any(move > 0 for move in moves), any(move < 0 for move in moves)
    return "differs" if looser == stricter else "gains" if looser else "loses"


def ask(engine: Engine, query: Query) -> Outcome:
    told = describe(engine.decide(query))
    return Outcome(
        told["outcome"],
        tuple(told.get("approvers", ())),
        frozenset(told.get("obligations", {}).get("revealed", ())),
        tuple(dict.fromkeys(reason["rule"] for reason in told["reasons"] if reason["rule"])),
        tuple(told.get("obligations", {}).get("masks", {}).items()),
    )


def changes(before: Engine, after: Engine, questions: Iterable[Question]) -> Iterator[Change]:
    """The questions whose decision, approvers, shown labels or masks differ. Other rules for the same answer are no
    change."""
    for question in questions:
        old, new = ask(before, question.query), ask(after, question.query)
        if replace(old, rules=()) != replace(new, rules=()):
            yield Change(question, old, new)


def grouped(found: Iterable[Change]) -> list[Group]:
    """Losses last, so that they stand right above the prompt; the most frequent first in each direction."""
    groups: dict[tuple[Direction, str, str, str, str, tuple[str, ...]], list[str]] = {}
    for change in found:
        question = change.question
        rules = tuple(sorted({*change.before.rules} ^ {*change.after.rules}))
        key = (change.direction, question.who, question.where, str(change.before), str(change.after), rules)
        groups.setdefault(key, []).append(question.what)
    made = [Group(*key, tuple(dict.fromkeys(whats)), len(whats)) for key, whats in groups.items()]
    order = {"gains": 0, "differs": 1, "loses": 2}
    return sorted(made, key=lambda group: (order[group.direction], -group.times))


def grid(documents: Sequence[Document], resources: Sequence[Resource]) -> Iterator[Question]:
    """Every kind of operation, by a member of each group that a rule names and by a member of none, through an agent
    and without, on each resource; once without labels and once with each label that a rule names."""
    labels = sorted(named(documents, "Label", list(Label)))
    moments = MOMENTS if any(document.uses_time for document in documents) else MOMENTS[:1]
    for identity, who in identities(documents):
        for resource in resources:
            for what, actions, effects in OPERATIONS:
                for label in ("", *labels):
                    for now in moments:
                        operation = Operation(
                            resource.kind,
                            "sql_query",
                            "",
                            actions=frozenset(actions),
                            effects=frozenset(effect.value for effect in effects),
                        )
                        hidden = frozenset({Label(label)}) if label else frozenset[Label]()
                        asked = Query(identity, resource, operation, labels=hidden, now=now)
                        yield Question(who, resource.name, _words(what, label, now, moments), asked)


def identities(documents: Sequence[Document]) -> Iterator[tuple[Identity, str]]:
    for group in ("", *sorted(named(documents, "Group"))):
        groups = frozenset({group}) if group else frozenset[str]()
        for via, agent in (("agent", Agent("agent", "agent")), ("person", None)):
            who = f"group {group}" if group else "a member of no group"
            yield Identity(f"member-of-{group or 'none'}", "diff", groups, agent=agent), f"{who}, by {via}"


def named(documents: Iterable[Document], kind: str, words: Sequence[str] = ()) -> set[str]:
    """The entities of a type that some rule names, and those of `words` that stand in a rule as text."""
    found: set[str] = set()
    for document in documents:
        for rule in document.policies:
            for node in nodes(rule.cedar):
                if node.get("type") == kind and isinstance(node.get("id"), str):
                    found.add(node["id"])
                elif isinstance(node.get("Value"), str) and node["Value"] in words:
                    found.add(node["Value"])
    return found


def _words(what: str, label: str, now: datetime, moments: Sequence[datetime]) -> str:
    time = now.strftime(" on %A at %H:%M") if len(moments) > 1 else ""
    return f"{what}{f' with {label}' if label else ''}{time}"

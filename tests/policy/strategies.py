"""Random rules and random queries over a small world, so that they often meet."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from catalog.model import Label, Locator
from policy.model import Action, Agent, Identity, Mode, Operation, Query
from tests.policy.queries import NOON, resource
from tests.policy.reference import Condition, Erred, Spec, expected

GROUPS = ("a", "b")
PLACES = ("shop", "bank")
ON_RESOURCE = (Action.CONNECT, Action.READ, Action.WRITE)
LABELS = (Label.EMAIL, Label.SSN)
FIJI = "Pacific/Fiji"
"""Noon in UTC is midnight there, and the other way round."""
MODES: tuple[Mode, ...] = ("read_only", "read_write")


def _overflows(query: Query, masked: object) -> bool:
    if query.now and query.now.hour > 0:
        raise Erred
    return True


CONDITIONS = (
    Condition('context.effects.contains("drop")', lambda query, _: "drop" in query.operation.effects),
    Condition('context.via == "agent"', lambda query, _: query.identity.agent is not None),
    Condition("context.opaque", lambda query, _: query.operation.opaque),
    Condition(
        'context.targets.contains("s.t")', lambda query, _: Locator("table", ("s", "t")) in query.operation.targets
    ),
    Condition('context.labels.contains("SSN")', lambda query, _: Label.SSN in query.labels),
    Condition('context.masked.contains("EMAIL")', lambda _, masked: Label.EMAIL in masked),
    Condition('context.approvals.contains("a")', lambda query, _: "a" in query.approvals),
    Condition('context.approvals.contains("b")', lambda query, _: "b" in query.approvals),
    Condition(
        'context.resource.hasTag("env") && context.resource.getTag("env") == "prod"',
        lambda query, _: query.resource.tags.get("env") == "prod",
    ),
    Condition('context.mode == "read_only"', lambda query, _: query.mode == "read_only"),
    Condition("context.tainted", lambda query, _: query.tainted),
    Condition("context.estimated_rows > 50", lambda query, _: expected(query) > 50),
    Condition("context.now.hour + 9223372036854775807 > 0", _overflows),
    Condition("context.now.hour == 12", lambda query, _: query.now is not None and query.now.hour == 12),
)
APPROVED = {
    group: condition
    for group in GROUPS
    for condition in CONDITIONS
    if f'approvals.contains("{group}")' in condition.cedar
}


@st.composite
def specs(draw: st.DrawFn, name: str) -> Spec:
    label = draw(st.sampled_from(["", "", "", *LABELS]))
    place = "" if label else draw(st.sampled_from(["", *PLACES]))
    some = st.lists(st.sampled_from(ON_RESOURCE), min_size=1, unique=True).map(tuple)
    every = st.sampled_from([None, (Action.REVEAL,)]) if label else st.one_of(st.none(), some)
    effect = draw(st.sampled_from(["permit", "permit", "forbid"]))
    hold = draw(st.sampled_from([(), ("a",), ("a", "b"), ("b",)])) if effect == "forbid" else ()
    conditions = draw(st.lists(st.tuples(st.sampled_from(["when", "unless"]), st.sampled_from(CONDITIONS)), max_size=2))
    conditions += [("unless", APPROVED[group]) for group in hold[:1]]
    return Spec(
        name,
        effect,
        actions=draw(every),
        group=draw(st.sampled_from(["", "", *GROUPS])),
        place=place,
        label=label,
        conditions=tuple(conditions),
        hold=hold,
        within=draw(st.sampled_from([0, 5, 60])) if hold else 0,
        max_rows=draw(st.sampled_from([0, 1, 9])) if effect == "permit" else 0,
        timeout=draw(st.sampled_from([0, 2, 3])) if effect == "permit" else 0,
        durability=draw(st.sampled_from(["", "kernel", "disk"])) if effect == "permit" else "",
        max_estimated=draw(st.sampled_from([0, 0, 0, 100])) if effect == "permit" else 0,
        ceiling=draw(st.sampled_from([0, 5])) if effect == "permit" else 0,
        zone=draw(st.sampled_from(["", FIJI])) if any("now." in found.cedar for _, found in conditions) else "",
        observe=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def documents(draw: st.DrawFn) -> list[Spec]:
    """Up to six rules; often one that permits broadly, or almost everything would be denied."""
    found = [draw(specs(f"r{number}")) for number in range(draw(st.integers(0, 6)))]
    return [*found, Spec("wide", "permit")] if draw(st.integers(0, 3)) else found


def subsets(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=len(values))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    agent = draw(st.sampled_from([None, Agent("c1", "One"), Agent("c2", "Two")]))
    identity = Identity(draw(st.sampled_from(["ada", "bob"])), "s", draw(subsets(GROUPS)), agent=agent)
    tags = draw(st.sampled_from([{}, {"env": "prod"}, {"env": "dev"}]))
    operation = Operation(
        "postgres",
        "sql_query",
        "text",
        actions=draw(st.frozensets(st.sampled_from(ON_RESOURCE), max_size=2)),
        effects=draw(subsets(("drop", "read"))),
        targets=draw(st.sampled_from([(), (Locator("table", ("s", "t")),), (Locator("table", ("", "t")),)])),
        opaque=draw(st.booleans()),
    )
    return Query(
        identity,
        resource(tags, draw(subsets(PLACES))),
        operation,
        labels=draw(st.frozensets(st.sampled_from(LABELS))),
        approvals=draw(subsets(GROUPS)),
        mode=draw(st.sampled_from(MODES)),
        tainted=draw(st.booleans()),
        estimated_rows=draw(st.sampled_from([None, 0, 70, 200])),
        now=NOON - timedelta(hours=draw(st.sampled_from([0, 12, 12, 12]))),
    )

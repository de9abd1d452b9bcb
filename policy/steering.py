"""What the use of a labelled column means: from `Operation.steering` and the catalog's labels to effects.

A mask hides what is returned. It does not hide which rows come, in which order, in how many groups, or whether a
division by zero ends the statement; so whoever may not see a column may not use it for any of these either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from catalog.labels import Labels
from catalog.model import Label, Locator
from catalog.system import is_system
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Decision, Operation, Query, Statement, Steer, SteerUse

EFFECTS: Mapping[SteerUse, Effect] = {
    "predicate": Effect.MASKED_PREDICATE,
    "equality": Effect.MASKED_EQUALITY,
    "order": Effect.MASKED_ORDER,
    "group": Effect.MASKED_GROUP,
    "aggregate": Effect.MASKED_AGGREGATE,
    "transform": Effect.MASKED_TRANSFORM,
    "row": Effect.MASKED_WHOLE_ROW,
}

IDENTIFIERS = frozenset(
    {
        Label.EMAIL,
        Label.PHONE,
        Label.SSN,
        Label.NATIONAL_ID,
        Label.PASSPORT,
        Label.DRIVER_LICENSE,
        Label.CREDIT_CARD,
        Label.IBAN,
        Label.BANK_ACCOUNT,
        Label.MRN,
        Label.HEALTH_ID,
    }
)
"""Labels of values that name one person or thing out of very many: who looks one up has to know it already.

Any other value (a birthday, a postcode, a diagnosis) is found by trying, so comparing it is as good as a predicate.
"""

_WORDS: Mapping[Effect, str] = {
    Effect.MASKED_PREDICATE: "decides which rows or values come",
    Effect.MASKED_EQUALITY: "is looked up",
    Effect.MASKED_ORDER: "sorts rows",
    Effect.MASKED_GROUP: "groups rows or is compared for doubles",
    Effect.MASKED_AGGREGATE: "goes into an aggregate",
    Effect.MASKED_TRANSFORM: "goes into an expression or is written elsewhere",
    Effect.MASKED_WHOLE_ROW: "is read as a part of a whole row",
}
_NAMED = 3  # uses that a suggestion lists


@dataclass(frozen=True, slots=True)
class LabelledUse:
    """One use of a column that carries a label, and the effect it has for those who may not see that label."""

    effect: Effect
    label: Label
    column: Locator


class Uses:
    """Finds the labelled uses of operations. Remembers the last `size` findings, which hold for one set of labels."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._known: dict[tuple[object, ...], tuple[LabelledUse, ...]] = {}

    def of(self, operation: Operation, labels: Labels) -> tuple[LabelledUse, ...]:
        """Empty where nothing that carries a label steers the answer. What is not known counts as UNSCANNED."""
        if not operation.steering:
            return ()
        key = (operation.steering, operation.targets, labels.version)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(dict.fromkeys(_labelled(operation, labels)))
            while len(self._known) > self._size:
                self._known.pop(next(iter(self._known)), None)
        return found


def decide_with_uses(engine: Engine, query: Query, uses: tuple[LabelledUse, ...]) -> tuple[Query, Decision]:
    """The decision, and the query it answers: with the effects of every use of a label that stays hidden.

    The rules say first which labels they reveal. A rule may take that back because of the effects that follow; then
    these labels are hidden, too, until nothing changes any more.
    """
    if not uses:
        return query, engine.decide(query)
    carried = frozenset(use.label for use in uses)
    if not carried <= query.labels:
        query = replace(query, labels=query.labels | carried)
    revealed = engine.revealed(query)
    while True:
        steered = _with_effects(query, [use for use in uses if use.label not in revealed])
        kept = revealed and revealed & engine.revealed(steered)
        if kept == revealed:
            return steered, engine.decide(steered)
        revealed = kept


def _with_effects(query: Query, hidden: list[LabelledUse]) -> Query:
    if not hidden:
        return query
    operation, effects = query.operation, frozenset(use.effect.value for use in hidden)
    statements = operation.statements
    if statements:
        statements = (_advised(statements[0], hidden, effects), *statements[1:])
    return replace(query, operation=replace(operation, effects=operation.effects | effects, statements=statements))


def _advised(statement: Statement, hidden: list[LabelledUse], effects: frozenset[str]) -> Statement:
    """Built anew rather than with `replace`, which costs more than all the rest of this."""
    advice = _advice(hidden)
    words = f"{statement.suggestion} {advice}".strip() if advice else statement.suggestion
    return Statement(statement.kind, statement.text, statement.effects | effects, words)


def _advice(hidden: Iterable[LabelledUse]) -> str:
    """Names the columns and uses that stand in the way, and what passes."""
    refused = [use for use in hidden if use.effect is not Effect.MASKED_EQUALITY]
    if not refused:
        return ""
    named = list(dict.fromkeys(f"{_name(use)} {_WORDS[use.effect]}" for use in refused))
    rest = f" (and {len(named) - _NAMED} more)" if len(named) > _NAMED else ""
    unscanned = any(use.label is Label.UNSCANNED for use in refused)
    labels = sorted({use.label for use in refused if use.label not in (Label.UNSCANNED, Label.COMPUTED)})
    ways = ["select the column bare, on its own", "find the rows by another column"]
    if labels:
        ways.append(f"ask for the right to see {', '.join(labels)}")
    if unscanned:
        ways.append("try again once the new columns have been scanned")
    return f"Hidden from you, but used: {'; '.join(named[:_NAMED])}{rest}. Instead, {', or '.join(ways)}."


def _name(use: LabelledUse) -> str:
    return f"{use.column} ({use.label})"


def _labelled(operation: Operation, labels: Labels) -> Iterator[LabelledUse]:
    relations = [target for target in operation.targets if target.kind == "table"]
    for steer in operation.steering:
        for label in sorted(_labels_of(steer, labels, relations)):
            known = steer.use != "equality" or label in IDENTIFIERS
            yield LabelledUse(EFFECTS[steer.use] if known else Effect.MASKED_PREDICATE, label, steer.locator)


def _labels_of(steer: Steer, labels: Labels, relations: list[Locator]) -> frozenset[Label]:
    """Every label that the column may carry. Names that the text left open are looked for in the whole statement."""
    schema, table, name = steer.locator.path
    meant = [Locator("table", (schema, table))] if table else relations
    if name == "*":
        return labels.of(meant)
    found = labels.columns_named(name, meant)
    if steer.locator.kind == "name":
        return found or frozenset()
    if found is None:
        return frozenset() if _only_system(meant) else frozenset({Label.UNSCANNED})
    if not table and any(_never_scanned(relation, labels) for relation in relations):
        return found | {Label.UNSCANNED}
    return found


def _only_system(relations: list[Locator]) -> bool:
    return bool(relations) and all(is_system(*relation.path) for relation in relations)


def _never_scanned(relation: Locator, labels: Labels) -> bool:
    return not is_system(*relation.path) and labels.table(relation).get("*") is Label.UNSCANNED

"""Says what columns hold: the column net and the rules, joined so that doubt masks.

No pattern decides alone. The same ten digits are a phone number under `phone` and nothing under `build_id`. Raises
`ModelRefused` where the model file is not the pinned one: without it nothing is told clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from catalog import rules
from catalog.columns.features import encode, is_nameless
from catalog.columns.net import CLASSES, SENSITIVE, Floats, probabilities, shipped
from catalog.columns.view import ColumnView, Prepared, prepare
from catalog.columntypes import Family
from catalog.detectors import DETECTORS
from catalog.detectors.base import TEXTUAL
from catalog.model import NO_TAGS, Finding, Label, Locator
from catalog.samples import json_leaves

__all__ = ["ColumnView", "Verdict", "classify", "classify_table"]

DOUBT = 0.25
"""The least chance of being sensitive at which a column is masked: low, because a wrong mask is the cheaper mistake."""
DOUBT_NAMELESS, DOUBT_BARE, DOUBT_NUMBERED, DOUBT_NEUTRAL, DOUBT_PROSE = 0.25, 0.5, 0.55, 0.75, 0.85
"""The same where the name tells nothing, where it is no more than `name`, where it is that of a number, where it is
harmless, where it is that of prose, whose parts are searched."""
VETOED = 0.6  # what a label needs that the name's own words or the table speak against
PROSE = 0.4  # the least probability at which a column goes to the lane for free text
CERTAIN = 0.9  # rules this sure are followed whatever the net thinks
_FAMILIES = MappingProxyType({detector.label.value: detector.families for detector in DETECTORS})
_FITTING = MappingProxyType(
    {family: np.array([family in _FAMILIES[name] for name in CLASSES[:SENSITIVE]]) for family in Family}
)
"""Which sensitive classes a family of types can hold."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one column holds. `confidence` 0..1; `evidence` says which name, values and context spoke, never a value.

    `mixed`: some values prove the label, most of the others are something else; whoever hides single cells may find
    them with `catalog.sweep` instead of hiding all.
    """

    label: Label
    confidence: float
    detector: str
    evidence: dict[str, str] = field(default_factory=lambda: dict(NO_TAGS))
    mixed: bool = False


def classify(
    locator: Locator, type_name: str, values: Sequence[str], *, siblings: Sequence[str] = ()
) -> Finding | None:
    """What the column at `locator` holds, or None for nothing sensitive.

    `values` are samples in text form, at most 200 are looked at; `siblings` the names of the table's columns.
    """
    _schema, table, name = ("", "", "", *locator.path)[-3:]
    others = [ColumnView(sibling, "", ()) for sibling in siblings if sibling != name]
    verdict = classify_table(table, [ColumnView(name, type_name, values), *others])[0]
    if verdict is None:
        return None
    return Finding(locator, verdict.label, verdict.detector, round(verdict.confidence, 3), evidence=verdict.evidence)


def classify_table(table: str, columns: Sequence[ColumnView]) -> list[Verdict | None]:
    """What each column of one table or result holds, None for nothing sensitive. Columns without values give context.

    One call for a whole table: the net reads all columns at once and lets them speak for each other.
    """
    prepared = prepare(table, columns)
    features = encode(table, prepared)
    chances = probabilities(shipped(), features)
    return [
        _joined(table, view, column, chances=row) for view, column, row in zip(columns, prepared, chances, strict=True)
    ]


def _joined(table: str, view: ColumnView, prepared: Prepared, *, chances: Floats) -> Verdict | None:
    column = prepared.column
    if column.family is Family.JSON:
        return _document(table, view, prepared)
    ruled = rules.judge(column)
    if ruled is not None and (ruled.confidence >= CERTAIN or ruled.proved):
        return _of_rules(ruled)
    return _of_net(prepared, chances, ruled) if column.family is not Family.BOOL else None


def _of_rules(ruled: rules.RuleVerdict) -> Verdict:
    return Verdict(ruled.label, ruled.confidence, ruled.detector, evidence=ruled.evidence, mixed=ruled.mixed)


def _of_net(prepared: Prepared, chances: Floats, ruled: rules.RuleVerdict | None) -> Verdict | None:
    column = prepared.column
    vetoed = rules.vetoed(column)
    sensitive = chances[:SENSITIVE] * _FITTING[column.family]
    if vetoed:
        sensitive *= sensitive >= np.array([_least(name, vetoed) for name in CLASSES[:SENSITIVE]])
    doubt = float(sensitive.sum())
    if doubt < _bar(prepared):
        return _prose(prepared, chances, ruled)
    best = int(sensitive.argmax())
    if ruled is not None and ruled.label is not Label.TEXT and max(ruled.confidence, ruled.named) > 0.8:
        return _of_rules(ruled)
    evidence = {"net": f"{doubt:.2f} sensitive", "context": " ".join(sorted(column.kinds))}
    return Verdict(Label(CLASSES[best]), doubt, "net", evidence=evidence)


def _least(name: str, vetoed: frozenset[Label]) -> float:
    """Coordinates of places and addresses of machines look like those of people: never against their context."""
    if name not in vetoed:
        return 0.0
    return 1.1 if name in (Label.GEO, Label.IP) else VETOED


def _bar(prepared: Prepared) -> float:
    if is_nameless(prepared.name):
        return DOUBT_NAMELESS
    if rules.is_neutral(prepared.column):
        return DOUBT_NEUTRAL
    if rules.is_prose(prepared.column):
        return DOUBT_PROSE
    if rules.is_number(prepared.column):
        return DOUBT_NUMBERED
    return DOUBT_BARE if rules.is_bare(prepared.column) else DOUBT


def _prose(prepared: Prepared, chances: Floats, ruled: rules.RuleVerdict | None) -> Verdict | None:
    if ruled is not None and (ruled.label is Label.TEXT or ruled.named >= rules.SPEAKS):
        return _of_rules(ruled)
    text = float(chances[CLASSES.index("TEXT")])
    if text >= PROSE and prepared.column.family in TEXTUAL:
        return Verdict(Label.TEXT, text, "net", evidence={"net": f"{text:.2f} text"})
    return None


def _document(table: str, view: ColumnView, prepared: Prepared) -> Verdict | None:
    """A document is text as soon as one of its leaves is sensitive: leaves have no masks of their own."""
    if own := rules.judge(prepared.column):
        return _of_rules(own)
    leaves = [ColumnView(key or view.name, "text", found) for key, found in json_leaves(view.values).items()]
    verdicts = [verdict for verdict in classify_table(table, leaves) if verdict is not None]
    if not verdicts:
        return None
    best = max(verdicts, key=lambda verdict: verdict.confidence)
    return Verdict(Label.TEXT, best.confidence, f"json.{best.detector}", evidence=best.evidence)

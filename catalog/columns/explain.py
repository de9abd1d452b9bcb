"""What moved a verdict: the net is asked again with one kind of evidence taken away at a time. Never shows a value.

Source of the method: occlusion (Zeiler and Fergus 2014), on groups of features instead of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from catalog import rules
from catalog.classify import Verdict, classify_table
from catalog.columns.features import DENSE_NAMES, Features, Hashed, encode
from catalog.columns.net import CLASSES, SENSITIVE, Floats, Net, probabilities, shipped
from catalog.columns.shapes import CHECK_NAMES, NAMES
from catalog.columns.view import ColumnView, prepare

STRONGEST = 5
_SHAPES = frozenset(NAMES) | frozenset(f"spread of {name}" for name in NAMES)
_CHECKS = frozenset(CHECK_NAMES)


@dataclass(frozen=True, slots=True)
class Explanation:
    """`chances`: the likeliest classes. `moved`: kind of evidence → how much it adds to the chance of the verdict.

    `strongest`: single measures that add most, by their names in `features.DENSE_NAMES`. `rules`: what rules alone
    say, with their evidence. All numbers are chances between -1 and 1.
    """

    verdict: Verdict | None
    chances: Mapping[str, float]
    moved: Mapping[str, float]
    strongest: Mapping[str, float]
    rules: Mapping[str, str] = field(default_factory=dict)


def explain(table: str, columns: Sequence[ColumnView], place: int) -> Explanation:
    """Why the column at `place` got its verdict, or got none. Raises ModelRefused; IndexError for no column."""
    net = shipped()
    prepared = prepare(table, columns)
    features = encode(table, prepared)
    chances = probabilities(net, features)[place]
    target = _target(chances)
    verdict = classify_table(table, columns)[place]
    ruled = rules.judge(prepared[place].column)
    return Explanation(
        verdict,
        _likeliest(chances),
        moved=_moved(net, features, place, target=target),
        strongest=_strongest(net, features, place, target=target),
        rules={"label": ruled.label.value, **ruled.evidence} if ruled else {},
    )


_Target = Callable[[Floats], float]


def _target(chances: Floats) -> _Target:
    """What is explained: the chance of the likeliest sensitive label, or of being clean where that is greater."""
    best = int(chances[:SENSITIVE].argmax())
    sensitive = bool(chances[:SENSITIVE].sum() >= chances[SENSITIVE:].sum())
    return (lambda found: float(found[best])) if sensitive else (lambda found: float(found[SENSITIVE:].sum()))


def _likeliest(chances: Floats) -> dict[str, float]:
    order = np.argsort(-chances)[:3]
    return {CLASSES[int(index)]: round(float(chances[index]), 3) for index in order}


def _moved(net: Net, features: Sequence[Features], place: int, *, target: _Target) -> dict[str, float]:
    whole = features[place]
    nothing = Hashed(np.zeros(0, np.int64), np.zeros(0, np.float32))
    without = {
        "name": replace(whole, name=nothing, dense=_blank(net, whole.dense, _of_name)),
        "values": replace(whole, values=nothing, dense=_blank(net, whole.dense, _SHAPES.__contains__)),
        "checks of values": replace(whole, dense=_blank(net, whole.dense, _CHECKS.__contains__)),
        "type": replace(whole, dense=_blank(net, whole.dense, lambda name: name.startswith("type "))),
        "table and column names around": replace(whole, context=nothing, dense=_blank(net, whole.dense, _of_table)),
    }
    before = target(probabilities(net, features)[place])
    moved = {kind: before - _asked(net, features, place, changed, target) for kind, changed in without.items()}
    moved["columns beside it"] = before - target(probabilities(net, [whole])[0])
    return {kind: round(gain, 3) for kind, gain in sorted(moved.items(), key=lambda pair: -abs(pair[1]))}


def _of_name(name: str) -> bool:
    return name.startswith(("name ", "veto", "property", "flag word", "neutral", "nameless", "ends in"))


def _of_table(name: str) -> bool:
    return name.startswith("table ")


def _blank(net: Net, dense: Floats, of: Callable[[str], bool]) -> Floats:
    """The numbers with some at their average over the training."""
    chosen: NDArray[np.bool_] = np.array([of(name) for name in DENSE_NAMES])
    return np.where(chosen, net.mean, dense).astype(np.float32)


def _asked(net: Net, features: Sequence[Features], place: int, changed: Features, target: _Target) -> float:
    asked = [changed if at == place else column for at, column in enumerate(features)]
    if len(changed.context.buckets) == 0:
        asked = [replace(column, context=changed.context) for column in asked]
    return target(probabilities(net, asked)[place])


def _strongest(net: Net, features: Sequence[Features], place: int, *, target: _Target) -> dict[str, float]:
    whole = features[place]
    before = target(probabilities(net, [whole])[0])
    gains: dict[str, float] = {}
    for at in np.flatnonzero(np.abs(whole.dense) > 1e-6):
        dense = whole.dense.copy()
        dense[at] = net.mean[at]
        gains[DENSE_NAMES[at]] = round(before - target(probabilities(net, [replace(whole, dense=dense)])[0]), 3)
    order = sorted(gains.items(), key=lambda pair: -abs(pair[1]))[:STRONGEST]
    return {name: gain for name, gain in order if abs(gain) >= 0.001}

"""Labels of the columns of JSON documents, remembered between documents of the same build: widened, never narrowed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from catalog.leaves import Shape, table_name
from catalog.model import Label

if TYPE_CHECKING:
    from catalog.classify import ColumnView

Labels = tuple[Label | None, ...]
Build = tuple[Shape, tuple[tuple[str, str], ...]]
"""The place of a table, and the names and types of its columns."""

MOST = 512  # builds remembered; the one not seen for longest is forgotten
ENOUGH = 8  # values of a column from which what it holds is known
AGAIN = 16  # documents after which a build is judged anew
_PARTS_TEXT = """
value number num text raw line1 line2 line street zip postal postalcode code first last middle given family full
home work mobile main primary secondary display local formatted digits plain area country_code
"""
_PARTS = frozenset(_PARTS_TEXT.split())


@dataclass(slots=True)
class _Known:
    labels: Labels
    values: int
    uses: int = 0


@dataclass(slots=True)
class Verdicts:
    """What columns held so far. Keep one for each source of documents; threads may share it. Holds no values.

    A verdict made from few values is made again with every document, any verdict with every sixteenth; a label once
    found stays. `catalog.sweep` runs over all strings whatever is remembered here.
    """

    _known: OrderedDict[Build, _Known] = field(default_factory=OrderedDict, repr=False)
    _guard: Lock = field(default_factory=Lock, repr=False)

    def labels(self, shape: Shape, views: Sequence[ColumnView]) -> Labels:
        """The label of every column, from memory where it serves."""
        build = (shape, tuple((view.name, view.type) for view in views))
        with self._guard:
            known = self._known.get(build)
            if known is not None:
                known.uses += 1
                self._known.move_to_end(build)
                if known.values >= ENOUGH and known.uses % AGAIN:
                    return known.labels
        fresh = judged(shape, views)
        with self._guard:
            known = self._known.setdefault(build, _Known(fresh, 0))
            known.labels = tuple(map(_wider, known.labels, fresh))
            known.values += min((len(view.values) for view in views), default=0)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
            return known.labels


def _wider(before: Label | None, now: Label | None) -> Label | None:
    return now if before is None or (before is Label.TEXT and now is not None) else before


def judged(shape: Shape, views: Sequence[ColumnView]) -> Labels:
    """The labels of the columns of one table. A name that only its parent explains is tried with it."""
    from catalog.classify import ColumnView, classify_table  # the net behind it costs half a second to load

    table = table_name(shape[:-1] if shape[-1:] == ("=",) else shape)
    labels = [verdict.label if verdict else None for verdict in classify_table(table, views)]
    again = [
        number
        for number, view in enumerate(views)
        if labels[number] is None and table and view.name.lower().replace("_", "") in _PARTS
    ]
    if again:
        joined = [
            ColumnView(f"{table}_{views[number].name}", views[number].type, views[number].values) for number in again
        ]
        for number, verdict in zip(again, classify_table("", joined), strict=True):
            labels[number] = verdict.label if verdict else None
    return tuple(labels)

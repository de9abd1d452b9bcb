"""JSON payloads: which leaves are sensitive, and the payload with them hidden, still of the same build.

Keys are context: leaves are judged as columns by `catalog.classify` (see `catalog.leaves`), prose and stray evidence
inside strings by `catalog.prose` and `catalog.sweep`; a string that is itself JSON is opened, two levels deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from catalog import jsoncolumns, prose
from catalog.cellmask import PLAIN, Manner, cell_mask
from catalog.classify import ColumnView
from catalog.jsontext import MAX_CHARS, Node, Number, Unreadable, pointer, read, write
from catalog.jsonverdicts import Verdicts, judged
from catalog.leaves import Leaf, Shape, tables
from catalog.maskers.tag import tag
from catalog.model import Label
from catalog.sweep import sweep

__all__ = ["JsonFinding", "Masked", "Unreadable", "find_in_tree", "find_json", "mask_json"]

DEPTH = 2
SAMPLES = 200
WORDS = 4  # words from which a string is read as prose


@dataclass(frozen=True, slots=True, order=True)
class JsonFinding:
    """The leaf at `pointer` (RFC 6901) is, or holds, a `label`."""

    pointer: str
    label: Label


@dataclass(frozen=True, slots=True)
class Masked:
    """`text` is the payload with its findings hidden. `fits` False: no mask satisfies the given schema there.

    `named` tells the findings when they are asked for, because a pointer for each of many costs more than a mask.
    """

    text: str
    named: Callable[[], tuple[JsonFinding, ...]] = tuple
    fits: bool = True

    @property
    def findings(self) -> tuple[JsonFinding, ...]:
        return self.named()


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is wrong with a leaf: all of it, parts of a string, or what a string of JSON holds."""

    leaf: Leaf
    labels: tuple[Label, ...]
    spans: tuple[prose.Span, ...] = ()
    inner: Node = None


def find_json(text: str) -> tuple[JsonFinding, ...]:
    """The sensitive leaves of a JSON text. Raises Unreadable."""
    return find_in_tree(read(text))


def find_in_tree(tree: Node) -> tuple[JsonFinding, ...]:
    """The same for a tree of `catalog.jsontext.read`."""
    return _findings(_marks([tree], DEPTH))


def mask_json(
    text: str,
    *,
    revealed: frozenset[Label] = frozenset(),
    manner: Manner = PLAIN,
    schema: Mapping[str, Any] | None = None,
    verdicts: Verdicts | None = None,
) -> Masked:
    """The text with sensitive leaves hidden; numbers stay numbers. Unchanged, to the character, if there are none.

    `schema` is the JSON Schema that the text satisfied and shall still satisfy; `verdicts` remembers what columns of
    such documents held. Raises Unreadable.
    """
    if schema is None and len(text) <= MAX_CHARS:
        from catalog.jsonmasking import mask_plain

        try:
            return mask_plain(text, revealed=revealed, manner=manner, verdicts=verdicts or Verdicts())
        except jsoncolumns.Unusual:
            pass
    root = [read(text)]
    marks = [mark for mark in _marks(root, DEPTH) if not revealed.issuperset(mark.labels)]
    if not marks:
        return Masked(text)
    for mark in marks:
        _hide(mark, revealed, manner)
    fits = True
    if schema is not None:
        from catalog.jsonschemas import refit

        fits = refit(root, schema, [mark.leaf for mark in marks])
    return Masked(write(root[0]), partial(_findings, marks), fits)


def _findings(marks: Sequence[_Mark]) -> tuple[JsonFinding, ...]:
    found = {JsonFinding(pointer(mark.leaf.steps), label): None for mark in marks for label in mark.labels}
    return tuple(found)


def _marks(root: list[Node], depth: int) -> list[_Mark]:
    marks: list[_Mark] = []
    loose: list[tuple[Leaf, bool]] = []
    for shape, columns in tables(root).columns.items():
        for leaves, label in _judged(shape, columns):
            for leaf in leaves:
                inner = _opened(leaf.value) if depth else None
                if inner is not None:
                    marks += _embedded(leaf, inner, depth)
                elif label is None or label is Label.TEXT:
                    loose.append((leaf, label is Label.TEXT))
                elif _tells(leaf.value):
                    marks.append(_Mark(leaf, (label,)))
    return marks + list(_stray(loose))


def _judged(shape: Shape, columns: Mapping[str, list[Leaf]]) -> Iterator[tuple[list[Leaf], Label | None]]:
    """The columns of one table with their labels."""
    views = [_view(name, leaves) for name, leaves in columns.items()]
    yield from zip(columns.values(), judged(shape, views), strict=True)


def _view(name: str, leaves: Sequence[Leaf]) -> ColumnView:
    values = [leaf.value for leaf in leaves[:SAMPLES]]
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        kind = "boolean"
    elif known and all(isinstance(value, Number) for value in known):
        kind = "bigint" if all(str(value).lstrip("-").isdecimal() for value in known) else "numeric"
    else:
        kind = "text"
    return ColumnView(name, kind, [str(value) for value in known])


def _tells(value: Node) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not (isinstance(value, Number) and value in ("0", "-1"))


def _opened(value: Node) -> Node:
    """The tree of a string that is itself an object or array."""
    if not isinstance(value, str) or isinstance(value, Number) or value.strip()[:1] not in ("{", "["):
        return None
    try:
        inner = read(value)
    except Unreadable:
        return None
    return inner if isinstance(inner, list) and inner else None


def _embedded(leaf: Leaf, inner: Node, depth: int) -> Iterator[_Mark]:
    marks = _marks([inner], depth - 1)
    if marks:
        for mark in marks:
            _hide(mark, frozenset(), PLAIN)
        labels = tuple(dict.fromkeys(label for mark in marks for label in mark.labels))
        yield _Mark(leaf, labels, inner=inner)


def embedded(text: str, depth: int, revealed: frozenset[Label], manner: Manner) -> tuple[tuple[Label, ...], str] | None:
    """What a string that is a document itself holds, and the string with that hidden. None = it is no document."""
    inner = _opened(text)
    if inner is None:
        return None
    marks = [mark for mark in _marks([inner], depth - 1) if not revealed.issuperset(mark.labels)]
    for mark in marks:
        _hide(mark, revealed, manner)
    return tuple(dict.fromkeys(label for mark in marks for label in mark.labels)), write(inner)


def _stray(loose: Sequence[tuple[Leaf, bool]]) -> Iterator[_Mark]:
    """Evidence and prose inside strings that are no label as a whole."""
    texts = [(leaf, str(leaf.value), is_text) for leaf, is_text in loose if isinstance(leaf.value, str)]
    evidence: dict[int, list[prose.Span]] = {}
    for hit in sweep([text for _leaf, text, _is_text in texts]):
        evidence.setdefault(hit.cell, []).append(prose.Span(hit.start, hit.end, hit.label, 1.0))
    wordy = [
        number
        for number, (leaf, text, is_text) in enumerate(texts)
        if not isinstance(leaf.value, Number) and (is_text or text.count(" ") >= WORDS)
    ]
    for number, spans in zip(wordy, prose.find_many([texts[number][1] for number in wordy]), strict=True):
        whole = [prose.Span(0, len(texts[number][1]), Label.TEXT, 1.0)]
        evidence[number] = whole if spans is None else list(spans)
    for number, (leaf, _text, _is_text) in enumerate(texts):
        if found := tuple(evidence.get(number, ())):
            yield _Mark(leaf, tuple(dict.fromkeys(span.label for span in found)), spans=found)


def _hide(mark: _Mark, revealed: frozenset[Label], manner: Manner) -> None:
    value = mark.leaf.value
    if mark.inner is not None:
        mark.leaf.put(write(mark.inner))
    elif isinstance(value, Number):
        mark.leaf.put(masked_number(value, mark.labels[0], manner))
    elif mark.spans:
        mark.leaf.put(prose.replaced(str(value), tuple(span for span in mark.spans if span.label not in revealed)))
    else:
        mark.leaf.put(masked_string(str(value), mark.labels[0], manner))


def masked_string(value: str, label: Label, manner: Manner) -> str:
    try:
        masked = cell_mask(label, "text", manner).apply(value)
    except Exception:  # noqa: BLE001 - whatever a masker dies of, the value must not pass
        masked = None
    return tag(label) if masked is None else masked


def masked_number(value: Number, label: Label, manner: Manner) -> Number:
    """Masked as a number of its kind; zero where no number can hide it."""
    kind = "bigint" if value.lstrip("-").isdecimal() else "numeric"
    try:
        masked = cell_mask(label, kind, manner).apply(str(value))
        float(masked or "")
    except Exception:  # noqa: BLE001 - as above
        masked = None
    return Number("0" if masked is None or masked == value else masked)

"""Masks plain JSON documents column by column: megabytes a second where `catalog.structured` goes leaf by leaf.

What a column holds is judged once; strings of all other columns are swept in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from catalog import prose
from catalog.cellmask import Manner
from catalog.classify import ColumnView
from catalog.jsoncolumns import Columns, Part, Plain, columns, pointers, read, write
from catalog.jsontext import Number
from catalog.jsonverdicts import Verdicts
from catalog.model import Label
from catalog.structured import DEPTH, SAMPLES, WORDS, JsonFinding, Masked, embedded, masked_number, masked_string
from catalog.sweep import sweep

_SHORTEST = 5  # characters of a string that may hold evidence
_LONG_NUMBER = 10**11  # a number from here on may be a card's

_BEGINNINGS = frozenset("{[ \t\r\n")


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Values `numbers` of a part were hidden as `labels`."""

    part: Part
    numbers: Sequence[int]
    labels: tuple[Label, ...]


@dataclass(slots=True)
class _Work:
    """One document under way."""

    revealed: frozenset[Label]
    manner: Manner
    hidden: list[_Hidden] = field(default_factory=list)


def mask_plain(text: str, *, revealed: frozenset[Label], manner: Manner, verdicts: Verdicts) -> Masked:
    """`catalog.structured.mask_json` for a plain document. Raises jsoncolumns.Unusual before anything is done."""
    tree = read(text)
    found = columns(tree)
    work = _Work(revealed, manner)
    loose: list[tuple[Part, list[Any], bool]] = []
    for parts, label in _labelled(found, verdicts):
        for part in parts:
            loose += _column(part, label, work)
    _stray(loose, work)
    if not work.hidden:
        return Masked(text)
    return Masked(write(tree), partial(_findings, tree, work.hidden))


def _labelled(found: Columns, verdicts: Verdicts) -> Iterator[tuple[list[Part], Label | None]]:
    for shape, by_name in found.tables.items():
        views = [_view(name, parts) for name, parts in by_name.items()]
        yield from zip(by_name.values(), verdicts.labels(shape, views), strict=True)


def _view(name: str, parts: Sequence[Part]) -> ColumnView:
    known: list[Any] = []
    for part in parts:
        few = Part(part.holders[: SAMPLES - len(known)], part.key)
        known += [value for value in few.values() if value is not None]
        if len(known) >= SAMPLES:
            break
    kinds = set(map(type, known))
    kind = "text"
    if kinds and kinds <= {bool}:
        kind = "boolean"
    elif kinds and kinds <= {int, float}:
        kind = "bigint" if kinds == {int} else "numeric"
    return ColumnView(name, kind, [str(value) for value in known[:SAMPLES]])


def _column(part: Part, label: Label | None, work: _Work) -> Iterator[tuple[Part, list[Any], bool]]:
    """Hides a column; what is no label as a whole is handed back to be searched."""
    values = part.values()
    kinds = set(map(type, values))
    if str in kinds:
        _documents(part, values, work)
    if label is not None and label is not Label.TEXT:
        if label not in work.revealed:
            _whole(part, values, label=label, work=work)
    elif str in kinds or int in kinds:
        yield part, values, label is Label.TEXT


def _documents(part: Part, values: list[Any], work: _Work) -> None:
    """Hides what strings hold that are documents themselves, and takes these out of `values`."""
    if _BEGINNINGS.isdisjoint({value[:1] for value in values if type(value) is str}):
        return
    for number, value in enumerate(values):
        if type(value) is str and value.lstrip()[:1] in ("{", "["):
            hidden = embedded(value, DEPTH, work.revealed, work.manner)
            if hidden is not None:
                values[number] = None
                if hidden[0]:
                    _put(part, number, hidden[1])
                    work.hidden.append(_Hidden(part, (number,), hidden[0]))


def _put(part: Part, number: int, value: object) -> None:
    holder, step = _place(part, number)
    holder[step] = value


def _place(part: Part, number: int) -> tuple[Any, Any]:
    if part.key is not None:
        return part.holders[number], part.key
    for items in part.holders:
        if number < len(items):
            return items, number
        number -= len(items)
    raise IndexError(number)


def _whole(part: Part, values: list[Any], *, label: Label, work: _Work) -> None:
    told = [number for number, value in enumerate(values) if _tells(value)]
    masked = {value: _masked(value, label, work.manner) for value in {values[number] for number in told}}
    if part.key is not None:
        holders, key = part.holders, part.key
        for number in told:
            holders[number][key] = masked[values[number]]
    else:
        chosen = set(told)
        for number, (holder, step) in enumerate(part.places()):
            if number in chosen:
                holder[step] = masked[values[number]]
    if told:
        work.hidden.append(_Hidden(part, told, (label,)))


def _tells(value: Any) -> bool:
    if type(value) is str:
        return bool(value) and not value.isspace()
    return type(value) in (int, float) and value not in (0, -1)


def _masked(value: Any, label: Label, manner: Manner) -> Any:
    if isinstance(value, str):
        return masked_string(value, label, manner)
    digits = masked_number(Number(repr(value)), label, manner)
    return int(digits) if digits.lstrip("-").isdecimal() else float(digits)


def _stray(loose: Sequence[tuple[Part, list[Any], bool]], work: _Work) -> None:
    """Evidence and prose inside strings that are no label as a whole. Strings that come again are searched once."""
    read_as_prose: dict[str, bool] = {}
    for _part, values, is_text in loose:
        for value in set(values):
            if type(value) is str:
                if len(value) >= _SHORTEST:
                    wordy = is_text or value.count(" ") >= WORDS
                    read_as_prose[value] = read_as_prose.get(value, False) or wordy
            elif type(value) is int and not -_LONG_NUMBER < value < _LONG_NUMBER:
                read_as_prose.setdefault(str(value), False)
    found = _searched(read_as_prose, work.revealed)
    if found:
        for part, values, _is_text in loose:
            for number, value in enumerate(values):
                spans = found.get(value if type(value) is str else str(value) if type(value) is int else "")
                if spans:
                    shown = _replaced(value, spans, work.manner)
                    _put(part, number, shown)
                    labels = tuple(dict.fromkeys(span.label for span in spans))
                    work.hidden.append(_Hidden(part, (number,), labels))


def _searched(texts: Mapping[str, bool], revealed: frozenset[Label]) -> dict[str, tuple[prose.Span, ...]]:
    """What is to be hidden in each text that holds something."""
    every = list(texts)
    found: dict[str, list[prose.Span]] = {}
    for hit in sweep(every):
        found.setdefault(every[hit.cell], []).append(prose.Span(hit.start, hit.end, hit.label, 1.0))
    wordy = [text for text, is_prose in texts.items() if is_prose]
    for text, spans in zip(wordy, prose.find_many(wordy), strict=True):
        found[text] = [prose.Span(0, len(text), Label.TEXT, 1.0)] if spans is None else list(spans)
    shown = {text: tuple(span for span in spans if span.label not in revealed) for text, spans in found.items()}
    return {text: spans for text, spans in shown.items() if spans}


def _replaced(value: Any, spans: tuple[prose.Span, ...], manner: Manner) -> Any:
    return prose.replaced(value, spans) if isinstance(value, str) else _masked(value, spans[0].label, manner)


def _findings(tree: Plain, hidden: Sequence[_Hidden]) -> tuple[JsonFinding, ...]:
    places: dict[tuple[int, Any], tuple[Label, ...]] = {}
    for each in hidden:
        where = list(each.part.places()) if len(each.numbers) > 1 else None
        for number in each.numbers:
            holder, step = where[number] if where else _place(each.part, number)
            places[id(holder), step] = each.labels
    return tuple({JsonFinding(pointer, label): None for pointer, labels in pointers(tree, places) for label in labels})

"""Free text: people, addresses and other sensitive parts of notes, mails, chats and logs, in place.

`find` joins three sources: hard evidence (`catalog.sweep`), values that the words before them explain
(`recognisers`), names and addresses (`tagger`, a linear model of ours). All are linear in the length of the text and
look at the clock between slices. `catalog.prose.lane` runs them, or a heavier tagger, in a process that can be killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.maskers.tag import tag as shown
from catalog.model import Label

MAX_CHARS = 1 << 20  # a longer text is not looked at but hidden
BUDGET = 0.25  # seconds for one text when the caller names no deadline
SLICE = 8_000  # characters between two looks at the clock
OVERLAP = 400


class OverBudget(Exception):
    """The text could not be searched in time, or is too long: hide it whole."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` are `label`; `score` 0..1 is how sure that is."""

    start: int
    end: int
    label: Label
    score: float


def find(text: str, *, deadline: float | None = None) -> tuple[Span, ...]:
    """Sensitive parts, in order and without overlaps. `deadline` is a `time.monotonic()` value.

    Raises OverBudget, and `tagger.ModelUnusable` where the model is not the shipped one.
    """
    limit = time.monotonic() + BUDGET if deadline is None else deadline
    if len(text) > MAX_CHARS:
        raise OverBudget("the text is too long")
    found: list[Span] = []
    for first in range(0, max(1, len(text)), SLICE):
        if time.monotonic() > limit:
            raise OverBudget("the text could not be searched in time")
        lead = max(0, first - OVERLAP)
        found += [
            Span(span.start + lead, span.end + lead, span.label, span.score)
            for span in _found(text[lead : first + SLICE + OVERLAP])
        ]
    return settled(found)


def redact(text: str, *, deadline: float | None = None) -> str:
    """The text with every sensitive part as its tag; `[TEXT]` where it could not be searched."""
    from catalog.prose.tagger import ModelUnusable

    try:
        return replaced(text, find(text, deadline=deadline))
    except (OverBudget, ModelUnusable):
        return shown(Label.TEXT)


def replaced(text: str, spans: tuple[Span, ...]) -> str:
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], shown(span.label)]
        last = span.end
    return "".join((*parts, text[last:]))


def _found(text: str) -> Iterator[Span]:
    from catalog.prose.recognisers import keyed, telephones
    from catalog.prose.tagger import tag
    from catalog.sweep import sweep
    from catalog.unfold import unfold

    for hit in sweep((text,)):
        yield Span(hit.start, hit.end, hit.label, 1.0)
    folded = unfold(text)
    for start, end, label in keyed(folded.text):
        yield Span(*folded.back(start, end), label, 0.9)
    for start, end, label in telephones(folded.text):
        yield Span(*folded.back(start, end), label, 0.8)
    for start, end, label in tag(folded.text):
        yield Span(*folded.back(start, end), label, 0.7)


def settled(found: list[Span]) -> tuple[Span, ...]:
    """Without overlaps; the surer span keeps its place, what it leaves free of another stays hidden, too."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda each: (-each.score, each.start, -each.end)):
        for start, end in _free(span, kept):
            kept.append(Span(start, end, span.label, span.score))
    return tuple(sorted(kept))


def _free(span: Span, kept: list[Span]) -> list[tuple[int, int]]:
    """The parts of a span that no other covers; a rest of marks and blanks is dropped."""
    places = [(span.start, span.end)]
    for other in kept:
        places = [
            piece
            for start, end in places
            for piece in ((start, min(end, other.start)), (max(start, other.end), end))
            if piece[0] < piece[1]
        ]
    return places

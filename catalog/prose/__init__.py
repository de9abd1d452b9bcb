"""Free text: people, addresses and other sensitive parts of notes, mails, chats and logs, in place.

`find` joins three sources: hard evidence (`catalog.sweep`), values that the words before them explain
(`recognisers`), names and addresses (`tagger`, a linear model of ours). All are linear in the length of the text and
look at the clock between slices. `catalog.prose.lane` runs them, or a heavier tagger, in a process that can be killed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from catalog.maskers.tag import tag as shown
from catalog.model import Label

MAX_CHARS = 1 << 20  # a longer text is not looked at but hidden
BUDGET = 0.25  # seconds for one text when the caller names no deadline
SLICE = 8_000  # characters between two looks at the clock
OVERLAP = 400
BATCH, BATCH_CHARS, BATCH_BUDGET = 128, 32_000, 1.0  # texts and characters searched at once, and seconds for them
_NAME = re.compile(r"[^\W\d_]{3,}")


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
            for span in found_in([text[lead : first + SLICE + OVERLAP]])[0]
        ]
    return settled(repeated(text, found))


def find_many(texts: Sequence[str], *, deadline: float | None = None) -> list[tuple[Span, ...] | None]:
    """The same for many texts at once, which is much faster for short ones. None = hide it whole.

    Without a deadline every batch of texts has its own budget.
    """
    from catalog.prose.tagger import ModelUnusable

    answers: list[tuple[Span, ...] | None] = [None] * len(texts)
    for numbers in _batches(texts):
        limit = time.monotonic() + BATCH_BUDGET if deadline is None else deadline
        short = [number for number in numbers if len(texts[number]) <= SLICE]
        try:
            if time.monotonic() > limit:
                continue
            for number, found in zip(short, found_in([texts[number] for number in short]), strict=True):
                answers[number] = settled(repeated(texts[number], found)) if found else ()
            for number in set(numbers) - set(short):
                answers[number] = find(texts[number], deadline=limit)
        except (OverBudget, ModelUnusable):
            continue
    return answers


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Numbers of texts that are searched between two looks at the clock: not many, and not long together."""
    batch: list[int] = []
    size = 0
    for number, text in enumerate(texts):
        batch.append(number)
        size += len(text)
        if len(batch) >= BATCH or size > BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


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


def found_in(texts: Sequence[str]) -> list[list[Span]]:
    """Everything that any of the three sources finds in each text."""
    from catalog.prose.recognisers import explained
    from catalog.prose.tagger import tag_many
    from catalog.sweep import sweep
    from catalog.unfold import unfold

    found: list[list[Span]] = [[] for _ in texts]
    for hit in sweep(texts):
        found[hit.cell].append(Span(hit.start, hit.end, hit.label, 1.0))
    folded = [unfold(text) for text in texts]
    for spans, seen, tagged in zip(found, folded, tag_many([seen.text for seen in folded]), strict=True):
        spans += [Span(*seen.back(start, end), label, score) for start, end, label, score in explained(seen.text)]
        spans += [Span(*seen.back(start, end), label, 0.7) for start, end, label in tagged]
    return found


def repeated(text: str, found: list[Span]) -> list[Span]:
    """And the words of people found once wherever else they stand: who is named in full is named again in short."""
    words = {
        word for span in found if span.label is Label.PERSON for word in _NAME.findall(text[span.start : span.end])
    }
    words = {word for word in words if word.lower() not in _common()}
    if not words:
        return found
    known = {place for span in found for place in range(span.start, span.end)}
    return found + [
        Span(each.start(), each.end(), Label.PERSON, 0.6)
        for each in _NAME.finditer(text)
        if each[0] in words and each.start() not in known
    ]


def _common() -> Container[str]:
    from catalog.prose.lexicon import common_words

    return common_words()


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

"""An averaged structured perceptron (Collins 2002) over hashed features, in whole numbers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from catalog.model import Label
from catalog.names import fold
from catalog.prose.lexicon import known
from catalog.prose.tagger import TAGS, Model, decode
from catalog.prose.tokens import BUCKETS, Matrix, Traits, anonymous, features, tokens, traits
from catalog.prose.training.generate import Sample

UNKNOWN = 0.35  # share of texts whose names are shown without their spelling
HIDDEN_OTHERS = 1.0  # share of other capitalised words in these texts that are, too


@dataclass(frozen=True, slots=True)
class Example:
    """Features (tokens x templates) and the right tags of one text."""

    buckets: Matrix
    tags: tuple[int, ...]


def example(sample: Sample, draw: random.Random) -> Example:
    places = tokens(sample.text)
    tags = gold(sample, places)
    hidden = draw.random() < UNKNOWN
    rows = [_seen(sample.text[start:end], tag, draw, hidden) for (start, end), tag in zip(places, tags, strict=True)]
    return Example(features(rows), tags)


def _seen(word: str, tag: int, draw: random.Random, hidden: bool) -> Traits:
    """Names of a hidden text are spelt anew; so are other capitals that are no common words, or spelling would tell."""
    strange = tag in (1, 2) or (
        word[0].isupper() and known(fold(word).lower())[2] == "-" and draw.random() < HIDDEN_OTHERS
    )
    return anonymous(word, draw.getrandbits(32)) if hidden and strange and word[0].isalpha() else traits(word)


def gold(sample: Sample, places: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    learned = [span for span in sample.spans if span[2] in (Label.PERSON, Label.ADDRESS)]
    tags, last = [], None
    for start, end in places:
        inside = next((span for span in learned if span[0] <= start and end <= span[1]), None)
        tags.append(0 if inside is None else TAGS.index((inside[2], inside is not last)))
        last = inside
    return tuple(tags)


def train(examples: Sequence[Example], *, rounds: int, seed: int) -> Model:
    """Weights averaged over all steps, as bytes. The same examples, rounds and seed give the same weights."""
    count = len(TAGS)
    weights, drift = np.zeros((BUCKETS, count), np.int64), np.zeros((BUCKETS, count), np.int64)
    steps, step_drift = np.zeros((count, count), np.int64), np.zeros((count, count), np.int64)
    draw, clock = random.Random(seed), 1
    order = list(range(len(examples)))
    for _ in range(rounds):
        draw.shuffle(order)
        for number in order:
            each = examples[number]
            path = decode(weights[each.buckets].sum(axis=1), steps)
            if tuple(path) != each.tags:
                for row, right, wrong in zip(each.buckets, each.tags, path, strict=True):
                    if right != wrong:
                        for tag, sign in ((right, 1), (wrong, -1)):
                            weights[row, tag] += sign
                            drift[row, tag] += sign * clock
                for tags, sign in ((each.tags, 1), (path, -1)):
                    for before, after in pairwise(tags):
                        steps[before, after] += sign
                        step_drift[before, after] += sign * clock
            clock += 1
    return _averaged(weights * clock - drift, steps * clock - step_drift, clock)


def _averaged(weights: Matrix, steps: Matrix, clock: int) -> Model:
    """Scaled so that nearly all weights fit a byte; the largest are clipped."""
    size = np.sort(np.abs(weights[weights != 0]).astype(np.float64))
    unit = float(size[int(0.999 * len(size))]) / 127 if len(size) else 1.0
    small = np.clip(np.rint(weights / unit), -127, 127).astype(np.int8)
    return Model(small, np.rint(steps / unit).astype(np.int32))


def packed(model: Model) -> bytes:
    return model.weights.astype(np.int8).tobytes() + model.steps.astype("<i4").tobytes()


def characters(
    model_spans: Iterable[tuple[int, int, object]], right: Iterable[tuple[int, int, object]]
) -> tuple[int, int, int]:
    """Characters found and right, found, right."""
    found = {place for start, end, *_ in model_spans for place in range(start, end)}
    true = {place for start, end, *_ in right for place in range(start, end)}
    return len(found & true), len(found), len(true)

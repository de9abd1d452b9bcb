"""The name tagger: a linear model over hashed features, decoded as a sequence. Finds people and postal addresses.

Trained by `catalog.prose.training` on generated prose; the model file is checked by its SHA-256 when it is loaded.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate

import numpy as np

from catalog.model import Label
from catalog.names import fold
from catalog.prose.lexicon import known
from catalog.prose.tokens import BUCKETS, GAP, TOKEN, Matrix, features_of_many, tokens, traits

TAGS: tuple[tuple[Label, bool] | None, ...] = (
    None,
    (Label.PERSON, True),
    (Label.PERSON, False),
    (Label.ADDRESS, True),
    (Label.ADDRESS, False),
)
"""What a tag says: a label and whether a span begins here; None = nothing."""
SLICE = 400  # tokens tagged at once, so that work between two looks at the clock is bounded
BATCH = 64  # texts whose features are made at once
_INNER = frozenset({2, 4})  # tags that go on
_FOREIGN = frozenset("|=<>\\@_#{}[]*~^`$%")
DECIMAL = re.compile(r"[0-9]\.[0-9]")
TITLE = re.compile(r"(?i)(?:(?:dr|mr|mrs|ms|prof|herr|frau|mme|mlle|monsieur|madame|mevr|dhr|sr|sra|sig|dott)\b\.? *)+")
"""What stands before a name and is no part of it."""
_FORBIDDEN = -1_000_000


class ModelUnusable(Exception):
    """The model file is missing or is not the one that this program was built with. Nothing may pass unmasked."""


@dataclass(frozen=True, slots=True)
class Model:
    """`weights` (buckets x tags) and `steps` (tag before x tag); `caution` is added to every tag but none."""

    weights: Matrix
    steps: Matrix
    caution: int = 0


def load(name: str = "names") -> Model:
    """Read `name`.npy beside this file. Raises ModelUnusable."""
    folder = files("catalog.prose") / "models"
    try:
        card = json.loads((folder / f"{name}.json").read_text("utf-8"))
        data = (folder / f"{name}.bin").read_bytes()
        lexicon = (folder / "lexicon.bin").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"the name tagger's model {name!r} cannot be read: {type(error).__name__}") from None
    digests = (hashlib.sha256(data).hexdigest(), hashlib.sha256(lexicon).hexdigest())
    if digests != (card["sha256"], card["lexicon_sha256"]):
        raise ModelUnusable(f"the name tagger's model {name!r} is not the one of its card: SHA-256 differs")
    return unpacked(data, int(card["caution"]))


def unpacked(data: bytes, caution: int) -> Model:
    """Weights as bytes (buckets x tags), then the steps as 32-bit integers."""
    count = len(TAGS)
    weights = np.frombuffer(data, dtype=np.int8, count=BUCKETS * count).reshape(BUCKETS, count)
    steps = np.frombuffer(data, dtype="<i4", offset=BUCKETS * count).reshape(count, count)
    return Model(weights, steps, caution)


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model of this program, read once."""
    return load()


def emissions(model: Model, buckets: Matrix) -> Matrix:
    scores: Matrix = model.weights[buckets].sum(axis=1, dtype=np.int32)
    scores[:, 1:] += model.caution
    return scores


def decode(scores: Matrix, steps: Matrix) -> list[int]:
    """The best sequence of tags (Viterbi). A text where nothing stands out is answered at once."""
    if not (scores.argmax(axis=1) > 0).any():
        return [0] * len(scores)
    return _best(scores.tolist(), steps.tolist())


def decode_many(several: Sequence[Matrix], steps: Matrix) -> list[list[int]]:
    """The same for many texts, token by token for all of them at once."""
    paths = [[0] * len(scores) for scores in several]
    chosen = [number for number, scores in enumerate(several) if (scores.argmax(axis=1) > 0).any()]
    if not chosen:
        return paths
    lengths = np.array([len(several[number]) for number in chosen])
    rows = np.zeros((len(chosen), int(lengths.max()), len(TAGS)), dtype=np.int64)
    for place, number in enumerate(chosen):
        rows[place, : len(several[number])] = several[number]
    best, same = rows[:, 0].copy(), np.arange(len(TAGS))
    best[:, sorted(_INNER)] = _FORBIDDEN
    choices = np.zeros(rows.shape, dtype=np.int8)
    for step in range(1, rows.shape[1]):
        sums = best[:, :, None] + steps[None]
        active = (step < lengths)[:, None]
        choices[:, step] = np.where(active, sums.argmax(axis=1), same)
        best = np.where(active, sums.max(axis=1) + rows[:, step], best)
    ends = best.argmax(axis=1)
    for step in range(rows.shape[1] - 1, -1, -1):
        for place in np.flatnonzero((step < lengths) & (ends > 0)).tolist():
            paths[chosen[place]][step] = int(ends[place])
        ends = choices[np.arange(len(chosen)), step, ends]
    return paths


def _best(rows: list[list[int]], moves: list[list[int]]) -> list[int]:
    """Viterbi's algorithm; nothing is tagged before the first row."""
    best = [_FORBIDDEN if tag in _INNER else score for tag, score in enumerate(rows[0])]
    choices: list[list[int]] = []
    count = range(len(TAGS))
    columns = [[moves[before][tag] for before in count] for tag in count]
    for row in rows[1:]:
        came, now = [], []
        for tag in count:
            sums = [a + b for a, b in zip(best, columns[tag], strict=True)]
            highest = max(sums)
            came.append(sums.index(highest))
            now.append(highest + row[tag])
        best = now
        choices.append(came)
    path = [best.index(max(best))]
    for came in reversed(choices):
        path.append(came[path[-1]])
    return path[::-1]


def tag(text: str, model: Model | None = None) -> list[tuple[int, int, Label]]:
    """People and addresses in a text, in order."""
    return tag_many((text,), model)[0]


def tag_many(texts: Sequence[str], model: Model | None = None) -> list[list[tuple[int, int, Label]]]:
    """The same for many short texts at once: their features are made in one go, so that a line costs little."""
    model = model or shipped()
    places = [tokens(text) for text in texts]
    found: list[list[tuple[int, int, Label]]] = [[] for _ in texts]
    pieces = [(number, first) for number, each in enumerate(places) for first in range(0, len(each), SLICE)]
    for batch in range(0, len(pieces), BATCH):
        several = pieces[batch : batch + BATCH]
        rows = [
            [traits(texts[number][a:b]) for a, b in places[number][first : first + SLICE]] for number, first in several
        ]
        scores = emissions(model, features_of_many(rows))
        cuts = [0, *accumulate(len(row) + GAP for row in rows)]
        parts = [scores[at : at + len(row)] for at, row in zip(cuts, rows, strict=False)]
        for (number, first), path in zip(several, decode_many(parts, model.steps), strict=True):
            tagged = spans(places[number][first : first + SLICE], path)
            found[number] += _kept(texts[number], tagged)
    return found


def _kept(text: str, tagged: list[tuple[int, int, Label]]) -> Iterator[tuple[int, int, Label]]:
    """Spans that can be what they are tagged as, people without their titles."""
    for start, end, label in tagged:
        title = TITLE.match(text, start, end) if label is Label.PERSON else None
        begin = title.end() if title else start
        if begin < end and likely(text[begin:end], label):
            yield begin, end, label


def spans(places: list[tuple[int, int]], path: list[int]) -> list[tuple[int, int, Label]]:
    found: list[tuple[int, int, Label]] = []
    for (start, end), number in zip(places, path, strict=True):
        meaning = TAGS[number]
        if meaning is None:
            continue
        label, begins = meaning
        if begins or not found or found[-1][2] is not label:
            found.append((start, end, label))
        else:
            found[-1] = (found[-1][0], end, label)
    return found


def likely(text: str, label: Label) -> bool:
    """Whether the words can be what they are tagged as, by spelling alone."""
    words = TOKEN.findall(text)
    if not words or any(char in _FOREIGN for char in text):
        return False
    if label is Label.PERSON:
        return _like_name(text, [word for word in words if word.isalpha()])
    spelt = any(len(word) > 2 and word.isalpha() for word in words)
    numbers = [word for word in words if word[0].isdecimal()]
    return spelt and len(text) <= 160 and bool(numbers) and not DECIMAL.search(text) and len(numbers) <= 6


def _like_name(text: str, words: Sequence[str]) -> bool:
    """No digits; a capital, or a known given name; alone, neither a common word nor an abbreviation."""
    if not words or any(map(str.isdecimal, text)) or max(map(len, words)) < 2:
        return False
    lists = [known(fold(word).lower()) for word in words]
    given = any(each[0] == "g" for each in lists)
    if text.islower():
        return given and "c" not in lists[0]
    if all(each[2] == "c" for each in lists) and not given:
        return False
    inner = any(
        any(map(str.isupper, word[2:])) for word in words if not word.isupper() and word[:2] not in ("Mc", "Ma")
    )
    shouted = text.isupper() and not given and len(words) < 2
    return not inner and not shouted

"""Character figures of the prose lane on sentences and people it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog import prose
from catalog.model import Label
from catalog.prose.training.generate import Sample, samples, source, templates

SEED = 4242
COUNT = 700
PLACES = Path(__file__).parent / "templates.txt"
OTHERS: Mapping[str, tuple[str, ...]] = {
    "en": ("fi_FI", "hu_HU", "da_DK", "is_IS", "en_KE", "vi_VN"),
    "de": ("hu_HU", "da_DK"),
    "fr": ("fi_FI", "da_DK"),
    "es": ("hu_HU", "fi_FI"),
}
"""Countries whose names are neither trained on nor in the lexicon."""


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of characters: names found, found ones that are names, sensitive ones hidden, clean ones hidden."""

    names_recall: float
    names_precision: float
    hidden: float
    overmask: float
    texts_a_second: float


def texts(count: int = COUNT, seed: int = SEED) -> list[Sample]:
    return list(samples(count, source(seed, OTHERS), lines=templates(PLACES), locales=OTHERS, rambling=0.0))


def measure(given: list[Sample]) -> Score:
    names = found_names = right_names = sensitive = hidden = clean = over = 0
    began = time.perf_counter()
    for sample in given:
        spans = prose.find(sample.text, deadline=time.monotonic() + 60)
        tagged = _places((span.start, span.end) for span in spans if span.label is Label.PERSON)
        every = _places((span.start, span.end) for span in spans)
        people = _places((start, end) for start, end, label in sample.spans if label is Label.PERSON)
        marked = _places((start, end) for start, end, _label in sample.spans)
        names, found_names, right_names = (
            names + len(people),
            found_names + len(tagged),
            right_names + len(people & tagged),
        )
        sensitive, hidden = sensitive + len(marked), hidden + len(marked & every)
        clean, over = clean + len(sample.text) - len(marked), over + len(every - marked)
    speed = len(given) / (time.perf_counter() - began)
    return Score(right_names / names, right_names / max(1, found_names), hidden / sensitive, over / clean, speed)


def _places(spans: object) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}  # type: ignore[attr-defined]


if __name__ == "__main__":
    print(measure(texts()))

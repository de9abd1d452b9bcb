"""Says what one column holds: evidence of its name, its table and siblings, and its sampled values, weighed together.

No pattern decides alone. The same ten digits are a phone number under `phone` and nothing under `build_id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.columntypes import Family, parse_type
from catalog.context import ASPECT, CONTEXT_WORDS, HEAD_ASPECT, NEUTRAL, VETO, kinds_of, kinds_of_siblings
from catalog.detectors import DETECTORS, Detector
from catalog.detectors.base import TEXTUAL, Kind
from catalog.model import Finding, Label, Locator
from catalog.names import Span, find_terms, split_words
from catalog.samples import array_elements, json_leaves, normalise

TRUSTED = 0.9  # a name this strong is believed against values that do not fit
SPEAKS = 0.75  # a name this strong needs no values, and little of them
WEAK = 0.3  # below this a name says nothing
FITS, FITS_WEAK = 0.25, 0.5  # least mean value score beside a speaking and a weak name
PROBE = 24  # values a nameless column is tried on before all are
SURE_TEXT = 20  # characters from which a value is searched for sensitive parts

_TERMS = {
    term: tuple((found.label.value, found.names[term]) for found in DETECTORS if term in found.names)
    for detector in DETECTORS
    for term in detector.names
}
_ALL_TERMS = {**dict.fromkeys(NEUTRAL, (("", 0.0),)), **_TERMS}
_VOCABULARY = frozenset(_ALL_TERMS) | CONTEXT_WORDS
_CREDENTIALS = frozenset({Label.SECRET, Label.PASSWORD})


@dataclass(frozen=True, slots=True)
class _Column:
    """One column as seen by the detectors; `kinds` without the column's own words, `values` normalised."""

    words: tuple[str, ...]
    spans: tuple[Span, ...]
    family: Family
    values: tuple[str, ...]
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class _Verdict:
    label: Label
    detector: str
    confidence: float
    evidence: dict[str, str]


def classify(
    locator: Locator, type_name: str, values: Sequence[str], *, siblings: Sequence[str] = ()
) -> Finding | None:
    """What the column at `locator` holds, or None for nothing sensitive.

    `values` are samples in text form, at most 200 are looked at; `siblings` the names of the table's columns.
    The finding's evidence tells which name, values and context spoke, never a value.
    """
    _schema, table, name = ("", "", "", *locator.path)[-3:]
    kinds = kinds_of(split_words(table, _VOCABULARY))
    others = kinds_of_siblings(split_words(sibling, _VOCABULARY) for sibling in siblings if sibling != name)
    kinds = kinds | (others if not kinds else others & {Kind.MEDICAL})
    verdict = _by_family(name, type_name, values, kinds=kinds)
    if verdict is None:
        return None
    return Finding(locator, verdict.label, verdict.detector, round(verdict.confidence, 3), evidence=verdict.evidence)


def _by_family(name: str, type_name: str, values: Sequence[str], *, kinds: frozenset[Kind]) -> _Verdict | None:
    family = parse_type(type_name).family
    if family is Family.JSON:
        return _judge_json(name, values, kinds)
    if family in (Family.TEXT_ARRAY, Family.OTHER_ARRAY):
        element = type_name.strip().removesuffix("[]").lstrip("_")
        return _judge(name, parse_type(element).family, array_elements(values), kinds=kinds)
    return _judge(name, family, values, kinds=kinds)


def _judge_json(name: str, values: Sequence[str], kinds: frozenset[Kind]) -> _Verdict | None:
    """A document is text as soon as one of its leaves is sensitive: leaves have no masks of their own."""
    if own := _judge(name, Family.JSON, values, kinds=kinds):
        return own
    verdicts = [
        (key, verdict)
        for key, leaves in json_leaves(values).items()
        if (verdict := _judge(key or name, Family.TEXT, leaves, kinds=kinds))
    ]
    if not verdicts:
        return None
    _key, best = max(verdicts, key=lambda pair: pair[1].confidence)
    return _Verdict(Label.TEXT, f"json.{best.detector}", best.confidence, evidence=best.evidence)


def _judge(name: str, family: Family, values: Sequence[str], *, kinds: frozenset[Kind]) -> _Verdict | None:
    words = split_words(name, _VOCABULARY)
    column = _Column(words, find_terms(words, _ALL_TERMS), family=family, values=normalise(values), kinds=kinds)
    verdicts = [verdict for detector in DETECTORS if (verdict := _weigh(detector, column))]
    if verdicts:
        return max(verdicts, key=lambda verdict: verdict.confidence)
    return _sweep(column) if family in TEXTUAL or family in (Family.XML, Family.JSON) else None


def _weigh(detector: Detector, column: _Column) -> _Verdict | None:
    if column.family not in detector.families:
        return None
    named, term = _name_strength(detector, column)
    scores = _scores(detector, column.values, named)
    confidence = _combined(detector, column, named, scores=scores)
    if confidence <= 0:
        return None
    mean = f"{sum(scores) / len(scores):.2f} of {len(scores)}" if scores else "none"
    evidence = {"name": f"{named:.2f} {term}".strip(), "values": mean, "context": " ".join(sorted(column.kinds))}
    return _Verdict(detector.label, detector.label.value.lower(), confidence, evidence=evidence)


def _scores(detector: Detector, values: Sequence[str], named: float) -> Sequence[float]:
    """The value of every sample, unless the first ones show that it could not change the verdict."""
    if named >= WEAK or detector.hard:
        return [detector.value(value) for value in values]
    first = [detector.value(value) for value in values[:PROBE]] if detector.alone <= 1 else []
    if sum(first) < 0.5 * len(first) or not first:
        return [0.0] * len(values)
    return [*first, *(detector.value(value) for value in values[PROBE:])]


def _combined(detector: Detector, column: _Column, named: float, *, scores: Sequence[float]) -> float:
    """Confidence 0..1; 0 = not this label."""
    if not scores:
        return named if named >= SPEAKS else 0.0
    fit = sum(scores) / len(scores)
    if named >= SPEAKS and fit >= FITS:
        return min(0.99, named + 0.04 * fit)
    if named >= WEAK and fit >= FITS_WEAK:
        return min(0.9, named + 0.3 * fit)
    if named >= TRUSTED and fit >= 0 and column.family in TEXTUAL and not _is_category(column.values):
        return 0.55
    if fit >= detector.alone and not _silenced(detector, column, named):
        return min(0.9, 0.85 * fit)
    return 0.75 if detector.hard and _proves(detector, scores) else 0.0


def _is_category(values: Sequence[str]) -> bool:
    """A handful of short words over and over: a setting, not the thing itself."""
    distinct = set(values)
    return len(values) >= 20 and len(distinct) <= 6 and all(len(value) <= 20 and value.isalpha() for value in distinct)


def _proves(detector: Detector, scores: Sequence[float]) -> bool:
    """Whether certain values alone convict, whatever the name: one credential, or two of anything else."""
    hits = sum(score >= 1.0 for score in scores)
    return hits >= 2 or (hits == 1 and (len(scores) <= 20 or detector.label in _CREDENTIALS))


def _name_strength(detector: Detector, column: _Column) -> tuple[float, str]:
    """How much the name says, moved by context; with the term that said it."""
    best, term = 0.0, ""
    for span in column.spans:
        if span.label == detector.label.value and not _about(column, span):
            strength = span.strength + _sway(detector, column, span)
            if strength > best:
                best, term = min(0.99, strength), span.term
    return best, term


def _about(column: _Column, span: Span) -> bool:
    """Whether the name speaks of a property of the thing: `phone_type`, `is_email`, `password_changed_at`."""
    before, after = column.words[: span.start], column.words[span.end :]
    return any(word in ASPECT for word in after) or (bool(before) and before[0] in HEAD_ASPECT)


def _sway(detector: Detector, column: _Column, span: Span) -> float:
    if detector.swayed and span.term not in detector.swayed:
        return 0.0
    own = kinds_of(column.words[: span.start])
    return sum(detector.context.get(kind, 0.0) for kind in own or column.kinds)


def _silenced(detector: Detector, column: _Column, named: float) -> bool:
    """Whether the name or the context forbids to go by the values alone."""
    taken = {index for span in column.spans if span.label for index in range(span.start, span.end)}
    free = [word for index, word in enumerate(column.words) if index not in taken]
    if any(word in VETO or word in ASPECT for word in free):
        return True
    own = kinds_of(column.words)
    return named <= 0 and sum(detector.context.get(kind, 0.0) for kind in own or column.kinds) < 0


def _sweep(column: _Column) -> _Verdict | None:
    """Sensitive parts inside longer values of a column that is none of the labels as a whole."""
    long_values = [value for value in column.values if len(value) >= SURE_TEXT]
    found = {detector.label: _hits(detector, long_values) for detector in DETECTORS if detector.within}
    hits = sum(found.values())
    credentials = any(found.get(label) for label in _CREDENTIALS)
    if hits < 2 and not (hits and (credentials or len(column.values) <= SURE_TEXT)):
        return None
    seen = " ".join(sorted(label.value.lower() for label, count in found.items() if count))
    evidence = {"inside": seen, "values": f"{hits} of {len(column.values)}", "context": " ".join(sorted(column.kinds))}
    return _Verdict(Label.TEXT, "text.inside", min(0.9, 0.6 + hits / 100), evidence=evidence)


def _hits(detector: Detector, values: Sequence[str]) -> int:
    return sum(detector.within(value) for value in values) if detector.within else 0

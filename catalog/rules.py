"""What the words of a name and the checks of values prove by rules: terms, check digits, prefixes, formats.

No pattern decides alone. The same ten digits are a phone number under `phone` and nothing under `build_id`.
The column net (`catalog.columns`) sees the same evidence as numbers; `catalog.classify` joins the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.abbreviations import spelled_out
from catalog.columntypes import Family
from catalog.context import ASPECT, CONTEXT_WORDS, HEAD_ASPECT, NEUTRAL, VETO, kinds_of, kinds_of_siblings
from catalog.detectors import DETECTORS, Detector
from catalog.detectors.base import TEXTUAL, Kind
from catalog.model import Label
from catalog.names import Span, find_terms, split_words

TRUSTED = 0.9  # a name this strong is believed against values that do not fit
SPEAKS = 0.75  # a name this strong needs no values, and little of them
WEAK = 0.3  # below this a name says nothing
FITS, FITS_WEAK = 0.25, 0.5  # least mean value score beside a speaking and a weak name
PROBE = 12  # values a nameless column is tried on before all are
ENOUGH = 24  # values that a named column is judged by, evenly from all
SURE_TEXT = 20  # characters from which a value is searched for sensitive parts


def spread_out(values: Sequence[str], most: int) -> Sequence[str]:
    """At most `most` of the values, evenly from all of them."""
    if len(values) <= most:
        return values
    return [values[place * len(values) // most] for place in range(most)]


_TERMS = {
    term: tuple((found.label.value, found.names[term]) for found in DETECTORS if term in found.names)
    for detector in DETECTORS
    for term in detector.names
}
_ALL_TERMS = {**dict.fromkeys(NEUTRAL, (("", 0.0),)), **_TERMS}
_VOCABULARY = frozenset(_ALL_TERMS) | CONTEXT_WORDS
_CREDENTIALS = frozenset({Label.SECRET, Label.PASSWORD})


_UNASKED = tuple(place for place, detector in enumerate(DETECTORS) if detector.hard or detector.alone <= 1)
"""The places of detectors that speak without a name."""


@dataclass(frozen=True, slots=True)
class Name:
    """A column's name: its words, the same with abbreviations spelled out, and the terms found in either."""

    words: tuple[str, ...]
    full: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column as seen by the detectors; `kinds` without the column's own words, `values` normalised.

    `strengths`: for each detector how much the name says, and by which term. `scored` remembers what each detector
    said of a value, so that rules and features ask once.
    """

    words: tuple[str, ...]
    spans: tuple[Span, ...]
    family: Family
    values: tuple[str, ...]
    kinds: frozenset[Kind]
    full: tuple[str, ...] = ()
    strengths: tuple[tuple[float, str], ...] = ()
    scored: tuple[dict[str, float], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """A label that rules found, how sure (0..1), and which name, values and context spoke; never a value."""

    label: Label
    detector: str
    confidence: float
    evidence: dict[str, str]
    named: float = 0.0  # how much the name alone says
    mixed: bool = False  # by some values of a column whose others are something else
    proved: bool = False  # by values that could hardly be anything else, whatever the name


@dataclass(frozen=True, slots=True)
class Around:
    """What a table's own name is about, and which of its columns' names are signs of something."""

    table: frozenset[Kind]
    signs: Mapping[Kind, frozenset[str]]


def read(name: str) -> Name:
    """A name taken apart. The same terms are found in `card_security_code` and `crd_sec_cd`."""
    words = split_words(name, _VOCABULARY)
    full = spelled_out(words, _VOCABULARY)
    return Name(words, full, find_terms(words, _ALL_TERMS, also=full))


def words_around(table: str, names: Mapping[str, Name]) -> Around:
    signs: dict[Kind, frozenset[str]] = {}
    for name, found in names.items():
        for kind in kinds_of_siblings((found.words,)):
            signs[kind] = signs.get(kind, frozenset()) | {name}
    return Around(kinds_of(split_words(table, _VOCABULARY)), signs)


def kinds_among(around: Around, name: str) -> frozenset[Kind]:
    """What the table is about for its column `name`: by the table's name, else by its other columns; medicine counts
    from anywhere."""
    others = {kind for kind, names in around.signs.items() if names - {name}}
    return around.table | (others if not around.table else others & {Kind.MEDICAL})


def see(name: Name, family: Family, values: Sequence[str], *, kinds: frozenset[Kind]) -> Column:
    """A column ready to be judged; `values` are normalised samples."""
    strengths = tuple(_name_strength(detector, name, kinds) for detector in DETECTORS) if name.spans else _NOTHING
    return Column(
        name.words,
        name.spans,
        family=family,
        values=tuple(values),
        kinds=kinds,
        full=name.full,
        strengths=strengths,
        scored=tuple({} for _ in DETECTORS),
    )


_NOTHING = ((0.0, ""),) * len(DETECTORS)


def scores_of(column: Column, place: int, values: Sequence[str]) -> list[float]:
    """What the detector at `place` says of each value; asked once for each."""
    known, ask = column.scored[place], DETECTORS[place].value
    found: list[float] = []
    for value in values:
        score = known.get(value)
        if score is None:
            score = known[value] = ask(value)
        found.append(score)
    return found


def judge(column: Column) -> RuleVerdict | None:
    """The strongest label that rules find, or None."""
    verdicts = [verdict for place in _asked(column) if (verdict := _weigh(place, column))]
    if verdicts:
        return max(verdicts, key=lambda verdict: verdict.confidence)
    return _sweep(column) if column.family in TEXTUAL or column.family in (Family.XML, Family.JSON) else None


def _asked(column: Column) -> Sequence[int]:
    if column.strengths is _NOTHING:
        return _UNASKED
    return [place for place, (named, _) in enumerate(column.strengths) if named >= WEAK or place in _UNASKED]


def name_strengths(column: Column) -> list[float]:
    """How much the name says for each detector, 0..1, moved by context."""
    return [strength for strength, _term in column.strengths]


def own_kinds(column: Column) -> frozenset[Kind]:
    return kinds_of(column.words)


def vetoed(column: Column) -> frozenset[Label]:
    """Labels whose own terms the name has, of which its table or its other words say that they mean something else:
    `name` of products, `latitude` of stores, `email_verified`."""
    spoken = {span.label for span in column.spans if span.label}
    if not spoken:
        return frozenset()
    return frozenset(
        detector.label
        for detector, (strength, _term) in zip(DETECTORS, column.strengths, strict=True)
        if detector.label.value in spoken and strength <= 0
    )


def is_neutral(column: Column) -> bool:
    """Whether the whole name is known to be no personal data: `username`, `file_name`, `seed`."""
    return bool(column.spans) and all(not span.label for span in column.spans) and _covered(column)


def _covered(column: Column) -> bool:
    taken = {index for span in column.spans for index in range(span.start, span.end)}
    return all(index in taken or word.isdecimal() for index, word in enumerate(column.words))


def is_number(column: Column) -> bool:
    """Whether the name is that of an identifier or a measure, without a sensitive term: `serial_number`."""
    return any(word in VETO for word in column.words) and max(name_strengths(column), default=0.0) <= 0


def is_prose(column: Column) -> bool:
    """Whether the name is that of prose: `reason`, `notes`. Its parts are searched; as a whole it is rarely a kind."""
    return bool(column.spans) and all(span.label == Label.TEXT for span in column.spans)


def is_bare(column: Column) -> bool:
    """Whether the name is `name` in some language and no more: of a person or of a thing, as the table is."""
    return len(column.words) == 1 and bool(column.spans) and all(span.term in _BARE for span in column.spans)


_BARE = next(detector.swayed for detector in DETECTORS if detector.label is Label.PERSON)


def signs(column: Column) -> tuple[bool, bool, bool, bool]:
    """Whether the name vetoes values, speaks of a property, starts as a flag, or has a neutral term."""
    words = column.words
    return (
        any(word in VETO for word in words),
        any(word in ASPECT for word in words),
        bool(words) and words[0] in HEAD_ASPECT,
        any(not span.label for span in column.spans),
    )


def _weigh(place: int, column: Column) -> RuleVerdict | None:
    detector = DETECTORS[place]
    named, term = column.strengths[place]
    if column.family not in detector.families:
        return None
    scores = _scores(place, column, named)
    confidence = _combined(detector, column, named, scores=scores)
    if confidence <= 0:
        return None
    mean = f"{sum(scores) / len(scores):.2f} of {len(scores)}" if scores else "none"
    evidence = {"name": f"{named:.2f} {term}".strip(), "values": mean, "context": " ".join(sorted(column.kinds))}
    proved = detector.hard and bool(scores) and _proves(detector, scores)
    return RuleVerdict(
        *(detector.label, detector.label.value.lower(), confidence),
        evidence=evidence,
        named=named,
        mixed=proved and named < SPEAKS and sum(score >= FITS_WEAK for score in scores) < 0.5 * len(scores),
        proved=proved,
    )


def _scores(place: int, column: Column, named: float) -> Sequence[float]:
    """The value of every sample, unless the first ones show that it could not change the verdict."""
    detector, values = DETECTORS[place], column.values
    if detector.hard:
        return scores_of(column, place, values)
    if named >= WEAK:
        return scores_of(column, place, spread_out(values, ENOUGH))
    first = scores_of(column, place, values[:PROBE])
    if sum(first) < 0.5 * len(first) or not first:
        return [0.0] * len(values)
    return [*first, *scores_of(column, place, values[PROBE:])]


def _combined(detector: Detector, column: Column, named: float, *, scores: Sequence[float]) -> float:
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


def _name_strength(detector: Detector, name: Name, kinds: frozenset[Kind]) -> tuple[float, str]:
    """How much the name says, moved by context; with the term that said it."""
    best, term = 0.0, ""
    for span in name.spans:
        if span.label == detector.label.value and not _about(name.words, span):
            strength = span.strength + _sway(detector, name.words, span, kinds=kinds)
            if strength > best:
                best, term = min(0.99, strength), span.term
    return best, term


def _about(words: Sequence[str], span: Span) -> bool:
    """Whether the name speaks of a property of the thing: `phone_type`, `is_email`, `password_changed_at`."""
    before, after = words[: span.start], words[span.end :]
    return any(word in ASPECT for word in after) or (bool(before) and before[0] in HEAD_ASPECT)


def _sway(detector: Detector, words: Sequence[str], span: Span, *, kinds: frozenset[Kind]) -> float:
    if not detector.context or (detector.swayed and span.term not in detector.swayed):
        return 0.0
    own = kinds_of(words[: span.start])
    return sum(detector.context.get(kind, 0.0) for kind in own or kinds)


def _silenced(detector: Detector, column: Column, named: float) -> bool:
    """Whether the name or the context forbids to go by the values alone."""
    taken = {index for span in column.spans if span.label for index in range(span.start, span.end)}
    free = [word for index, word in enumerate(column.words) if index not in taken]
    if any(word in VETO or word in ASPECT for word in free):
        return True
    own = kinds_of(column.words)
    return named <= 0 and sum(detector.context.get(kind, 0.0) for kind in own or column.kinds) < 0


def _sweep(column: Column) -> RuleVerdict | None:
    """Sensitive parts inside longer values of a column that is none of the labels as a whole."""
    long_values = [value for value in column.values if len(value) >= SURE_TEXT]
    found = {detector.label: _hits(detector, long_values) for detector in DETECTORS if detector.within}
    hits = sum(found.values())
    credentials = any(found.get(label) for label in _CREDENTIALS)
    if hits < 2 and not (hits and (credentials or len(column.values) <= SURE_TEXT)):
        return None
    seen = " ".join(sorted(label.value.lower() for label, count in found.items() if count))
    evidence = {"inside": seen, "values": f"{hits} of {len(column.values)}", "context": " ".join(sorted(column.kinds))}
    return RuleVerdict(Label.TEXT, "text.inside", min(0.9, 0.6 + hits / 100), evidence=evidence)


def _hits(detector: Detector, values: Sequence[str]) -> int:
    return sum(detector.within(value) for value in values) if detector.within else 0

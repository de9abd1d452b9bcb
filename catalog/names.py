"""Column names as words: any case style, accents folded, glued words split by a vocabulary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

MAX_NAME = 128  # characters looked at; PostgreSQL allows 63 bytes
LONGEST_TERM = 5  # words glued into one term, as in "numero de carte de credit"
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")
_SHORT = frozenset({"nr", "no", "id", "ip", "cc", "e"})  # the only short pieces that a glued word may split into


def fold(text: str) -> str:
    """Without accents: "Straße" and "strasse" are one word, as are "Prénom" and "prenom"."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def word_set(*texts: str) -> frozenset[str]:
    """The words of space-separated lists, folded as column names are."""
    return frozenset(fold(word).lower() for text in texts for word in text.split())


_STOP = word_set("of de la le du des di da do del della der die das the el von van d l")


@dataclass(frozen=True, slots=True)
class Span:
    """A term of some label found in a name: words `start` to `end` (exclusive), `strength` 0..1."""

    start: int
    end: int
    label: str
    strength: float
    term: str


def split_words(name: str, vocabulary: Collection[str]) -> tuple[str, ...]:
    """The words of a name in lower case, without stop words. `customerEmail2` → customer, email, 2."""
    words: list[str] = []
    for piece in _PIECE.findall(fold(name[:MAX_NAME])):
        words.extend(_unglue(piece.lower(), vocabulary))
    return tuple(word for word in words if word not in _STOP) or tuple(words)


def pieces(name: str) -> tuple[str, ...]:
    """The parts of a name by case, digits and separators alone, folded, in lower case."""
    return tuple(piece.lower() for piece in _PIECE.findall(fold(name[:MAX_NAME])))


def _unglue(word: str, vocabulary: Collection[str]) -> Sequence[str]:
    single = singular(word, vocabulary)
    if single in vocabulary or len(word) < 5:
        return (single,)
    return _cover(word, vocabulary) or (word,)


def singular(word: str, vocabulary: Collection[str]) -> str:
    if word in vocabulary:
        return word
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and word[: -len(ending)] + instead in vocabulary:
            return word[: -len(ending)] + instead
    return word


def _cover(word: str, vocabulary: Collection[str]) -> Sequence[str]:
    """The fewest vocabulary words that make up the whole of `word`, or nothing. Work: length squared, length ≤ 128."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, piece = best[start], word[start:end]
            if before is None or not (len(piece) > 2 or piece in _SHORT):
                continue
            current = best[end]
            known = piece in vocabulary or piece in _STOP or piece in _SHORT
            if known and (current is None or len(before) + 1 < len(current)):
                best[end] = (*before, piece)
    return best[-1] or ()


def find_terms(
    words: Sequence[str], terms: Mapping[str, Sequence[tuple[str, float]]], *, also: Sequence[str] = ()
) -> tuple[Span, ...]:
    """Every term in the words, except those that lie inside a longer one: `email_address` is no address.

    `also`: the same words in another spelling, one for each; a term found in both counts once.
    """
    spans = _spans(words, terms)
    if also and tuple(also) != tuple(words):
        taken = {(span.start, span.end, span.label) for span in spans}
        spans += [span for span in _spans(also, terms) if (span.start, span.end, span.label) not in taken]
    return tuple(span for span in spans if not any(_inside(span, other) for other in spans))


def _spans(words: Sequence[str], terms: Mapping[str, Sequence[tuple[str, float]]]) -> list[Span]:
    return [
        Span(start, end, label=label, strength=strength, term=glued)
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + LONGEST_TERM) + 1)
        for glued in ("".join(words[start:end]),)
        for label, strength in terms.get(glued, ())
    ]


def _inside(span: Span, other: Span) -> bool:
    longer = other.end - other.start > span.end - span.start
    return longer and other.start <= span.start and span.end <= other.end and other.label != span.label

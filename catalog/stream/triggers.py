"""Which lines are worth a closer look: one pass of the engine over all of them, and their capitalised words.

Logs are mostly lines in which nothing could be found; these cost a few microseconds each. A line with anything in it
that is not ASCII is always looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from catalog.detectors.address import STREET
from catalog.evidence.engine import Engine, available, engine
from catalog.names import fold
from catalog.prose.lexicon import known
from catalog.prose.recognisers import KEYED, NUMBER, PASSWORD_WORDS, PHONE_WORDS

_CAPITALISED = re.compile(r"[A-Z][A-Za-z]+")
_ADDRESS = len(KEYED) + 1  # anchors before this one explain values
_PHONE = _ADDRESS + 1


@lru_cache(maxsize=1)
def _engine() -> Engine:
    """The words that explain values, one anchor for each kind, and the words of streets."""
    ascii_only = ["|".join(word for word in rule.words.split("|") if word.isascii()) for rule in KEYED]
    anchors = [rf"(?i)[^A-Za-z0-9](?:{words})(?:[^A-Za-z]|[A-Z]{{1,6}}[- ]?[0-9])" for words in ascii_only]
    anchors.append(rf"(?i)(?:{PASSWORD_WORDS})")
    anchors.append(rf"(?i){STREET}")
    anchors.append(rf"(?i)(?:{'|'.join(word for word in PHONE_WORDS if word.isascii())})")
    return engine(tuple(anchor.encode() for anchor in anchors), available()[0])


def interesting(lines: Sequence[str]) -> tuple[set[int], set[int], set[int]]:
    """Numbers of lines: with words that explain values, with what may be telephones, that may name somebody."""
    explained, numbered, named = set[int](), set[int](), set[int]()
    plain = [number for number, line in enumerate(lines) if line.isascii()]
    if len(plain) < len(lines):
        strange = set(range(len(lines))).difference(plain)
        explained |= strange
        numbered |= strange
        named |= strange
    texts = [lines[number] for number in plain]
    joined = "\n".join(("", *texts, ""))
    ends = list(accumulate(len(text) + 1 for text in texts))
    called = set[int]()
    several = {_ADDRESS: named, _PHONE: called}
    for anchor, end in _engine()(joined.encode()):
        several.get(anchor, explained).add(plain[min(bisect_right(ends, end - 2), len(plain) - 1)])
    for found in NUMBER.finditer(joined):
        start, end = found.span()
        if not (joined[start - 1].isalnum() or joined[start - 1] in "-_./#" or joined[end].isalnum()):
            number = plain[min(bisect_right(ends, start - 1), len(plain) - 1)]
            if number in called or _speaks(found[0]):
                numbered.add(number)
    candidates = {word for word in set(_CAPITALISED.findall(joined)) if perhaps_name(word)}
    if candidates:
        sought = _CAPITALISED.finditer(joined)
        places = (found.start() for found in sought if found[0] in candidates)
        named.update(plain[bisect_right(ends, place - 1)] for place in places)
    return explained, numbered, named


def _speaks(number: str) -> bool:
    """Whether a number may be a telephone's though no word says so: others are too common in logs."""
    return number[0] in "+0(" or (not number.isdecimal() and sum(map(str.isdecimal, number)) >= 10)


@lru_cache(maxsize=16384)
def perhaps_name(word: str) -> bool:
    """Whether a capitalised word may be part of a name: a listed name, or in no dictionary. Pure, so remembered."""
    listed = known(fold(word).lower())
    if listed[2] == "c" or len(word) < 2:
        return False
    if listed[:2] != "--":
        return True
    return listed[2] == "-" and (word[1:].islower() or word[:2] in ("Mc", "Ma", "De", "Di", "La", "Le", "Va"))

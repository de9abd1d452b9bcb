"""What is sensitive in lines of output, each by itself: hard evidence, explained numbers, names."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.detectors import address
from catalog.model import Label
from catalog.names import fold
from catalog.prose import Span, settled
from catalog.prose.lexicon import known
from catalog.prose.recognisers import keyed, telephones
from catalog.prose.tagger import tag_many
from catalog.prose.tokens import TOKEN
from catalog.stream.triggers import interesting
from catalog.sweep import sweep
from catalog.unfold import unfold

SHORT = 3  # letters that are no name by themselves: Mar, Jan, Sun
LONGEST = 4096  # characters of a line in which names are looked for; evidence is looked for in all


def find_in_lines(lines: Sequence[str], *, names: Sequence[bool]) -> list[tuple[Span, ...]]:
    """The spans of every line. Only lines with `names` are searched for more than hard evidence."""
    found: list[list[Span]] = [[] for _ in lines]
    for hit in sweep(lines):
        found[hit.cell].append(Span(hit.start, hit.end, hit.label, 1.0))
    chosen = [number for number, wanted in enumerate(names) if wanted and lines[number].strip()]
    folded = {number: unfold(lines[number][:LONGEST]) for number in chosen}
    values, numbers, people = interesting([folded[number].text for number in chosen])
    for number in map(chosen.__getitem__, sorted(values)):
        seen = folded[number]
        found[number] += [Span(*seen.back(start, end), label, 0.9) for start, end, label in keyed(seen.text)]
    for number in map(chosen.__getitem__, sorted(numbers)):
        seen = folded[number]
        found[number] += [Span(*seen.back(start, end), label, 0.8) for start, end, label in telephones(seen.text)]
    named = [chosen[number] for number in sorted(people)]
    for number, tagged in zip(named, tag_many([folded[number].text for number in named]), strict=True):
        for start, end, label in tagged:
            if _evident(folded[number].text[start:end], label):
                found[number].append(Span(*folded[number].back(start, end), label, 0.7))
    return [settled(each) if each else () for each in found]


def _evident(text: str, label: Label) -> bool:
    """Logs are full of words and numbers that no sentence explains: a name has a capital and no common word in it.

    An address has a street's word.
    """
    if label is Label.ADDRESS:
        return address.value(text) >= 1.0
    if len(text) <= SHORT:
        return False
    lists = [known(fold(word).lower()) for word in TOKEN.findall(text) if word.isalpha()]
    listed = any(each[:2] != "--" and each[2] != "c" for each in lists)
    listed = listed or (len(lists) > 1 and not {"--c", "--d"}.intersection(lists))
    return listed and any(char.isupper() or char > "\x7f" for char in text)

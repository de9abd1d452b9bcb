"""Signs that a definition was written to steer a model rather than to describe a tool. Pure, and bounded in time.

Nothing here decides: a suspicion makes a definition wait for a person, and tells that person where to look. Sources:
OWASP MCP03 (tool poisoning), OWASP LLM01 (prompt injection), Unicode UTS #39 (confusables).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from backends.mcp.characters import hidden_characters, mixed_scripts, skeleton
from backends.mcp.definitions import Definition
from backends.mcp.steering import phrases

NOBODY: Mapping[str, Collection[str]] = MappingProxyType({})

MOST_CHARACTERS = 64_000
"""Characters of one definition that are looked at; what is longer waits for a person whatever it says."""
MOST_TEXTS = 3000
MOST_DEPTH = 40
EXCERPT = 120

_LONGEST = {"name": 128, "title": 200, "description": 12_000}
_LONGEST_INSIDE = 6000
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{80,}|(?:\r?\n[ \t]*){12,}")
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{160,}={0,2}")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """`code` is for programs, `reason` for people; `place` is a JSON pointer (RFC 6901) into the definition, `excerpt`
    the words in question, as the server wrote them: make them visible before showing them."""

    code: str
    reason: str
    place: str
    excerpt: str = ""


def suspicions(definition: Definition, *, others: Mapping[str, Collection[str]] = NOBODY) -> tuple[Suspicion, ...]:
    """All that looks wrong, in the order of the definition. `others` names the tools of every other server."""
    found: dict[tuple[str, str], Suspicion] = {}
    for each in _all(definition, others):
        found.setdefault((each.code, each.place), each)
    return tuple(found.values())


def _all(definition: Definition, others: Mapping[str, Collection[str]]) -> Iterator[Suspicion]:
    read = texts = 0
    for place, text in _texts(definition.document(), "", 0):
        texts, read = texts + 1, read + len(text)
        if texts > MOST_TEXTS or read > MOST_CHARACTERS:
            yield Suspicion("too-long", f"More than {MOST_CHARACTERS} characters or {MOST_TEXTS} texts.", "")
            return
        yield from _in_text(place, text)
    yield from _beside(definition, others)


def _texts(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every text with its pointer: keys are texts too, because a model reads them."""
    if isinstance(value, str):
        yield place, value
    elif depth > MOST_DEPTH:
        yield place, " " * (MOST_CHARACTERS + 1)  # nobody nests so deeply; not looked at is not clean
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if depth:
                yield below, str(key)
            yield from _texts(inner, below, depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{place}/{index}", depth + 1)


def _in_text(place: str, text: str) -> Iterator[Suspicion]:
    for code, reason, at in hidden_characters(text):
        yield Suspicion(code, reason, place, _around(text, at, at + 1))
    longest = _LONGEST.get(place.lstrip("/"), _LONGEST_INSIDE)
    if len(text) > longest:  # it waits for a person whatever it says, so it is not searched
        yield Suspicion("too-long", f"{len(text)} characters, where {longest} are plenty.", place)
        return
    for word in mixed_scripts(text):
        yield Suspicion("mixed-scripts", "A word mixes letters of alphabets that look alike.", place, word[:EXCERPT])
    for code, reason, (start, end) in phrases(text):
        yield Suspicion(code, reason, place, _around(text, start, end))
    yield from _shape(place, text)


def _shape(place: str, text: str) -> Iterator[Suspicion]:
    if (gap := _SPACES.search(text)) and text[gap.end() :].strip():
        yield Suspicion("pushed-out", "Text stands behind so much empty space that a reader may miss it.", place)
    if not place.endswith("/pattern") and (blob := _BLOB.search(text)):
        yield Suspicion("encoded", "A long encoded text: nobody can read what it says.", place, blob[0][:EXCERPT])


def _beside(definition: Definition, others: Mapping[str, Collection[str]]) -> Iterator[Suspicion]:
    """What only shows beside other servers: names that pass for theirs, and words about their tools."""
    if definition.kind not in ("tool", "prompt"):
        return
    words = set(re.findall(r"[\w-]{6,128}", definition.description))
    for server, names in others.items():
        for name in names:
            if name != definition.name and looks_alike(name, definition.name):
                reason = f"The name can be taken for {name} of {server}."
                yield Suspicion("look-alike", reason, "/name", definition.name[:EXCERPT])
            if name in words and name != definition.name and _distinctive(name):
                reason = f"It speaks of {name}, a tool of another server ({server})."
                yield Suspicion("shadowing", reason, "/description", name[:EXCERPT])


def looks_alike(one: str, other: str) -> bool:
    """Whether two different names read the same, or differ in one character of a longer word."""
    if one == other:
        return False
    left, right = skeleton(one), skeleton(other)
    if left == right:
        return True
    if len(left) != len(right):
        return False
    apart = [index for index, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(apart) != 1 or left[apart[0]].isdigit() or right[apart[0]].isdigit():
        return False
    return _word_at(left, apart[0]) >= 5  # get_user and set_user differ by one letter, too


def _word_at(name: str, index: int) -> int:
    """Length of the word of a name that `index` falls into."""
    start = max(name.rfind(mark, 0, index) for mark in "_-./ ") + 1
    ends = [end for mark in "_-./ " if (end := name.find(mark, index)) >= 0]
    return min(ends, default=len(name)) - start


def _distinctive(name: str) -> bool:
    """A name that is no word of the language: `search` may be spoken of, `send_message` means that tool."""
    return len(name) >= 6 and bool(re.search(r"[a-z0-9][_-][a-z0-9]|[a-z][A-Z]", name))


def _around(text: str, start: int, end: int) -> str:
    margin = max(0, (EXCERPT - (end - start)) // 2)
    return text[max(0, start - margin) : min(end, start + EXCERPT) + margin]

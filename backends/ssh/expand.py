"""Expansions: the words that a node of the tree becomes, with the commands inside it read on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tree_sitter import Node

from backends.ssh.grammar import NotShell, text_of
from backends.ssh.scope import Scope, Stream
from backends.ssh.words import NOTHING_KNOWN, UNKNOWN, Word, ansi_c, braces, joined, literal, split

Run = Callable[[Node], Stream]
"""Reads the commands of a substitution; what they print."""

_GLOB = re.compile(r"[*?\[]")
_PLAIN_PATH_VARIABLES = ("HOME", "PWD", "PATH", "SHELL", "OLDPWD")  # their values begin with a slash


class Expander:
    """Turns nodes into words. `run` reads the commands of a substitution as the shell would run them."""

    def __init__(self, scope: Scope, run: Run) -> None:
        self.scope, self._run = scope, run

    def words(self, nodes: Sequence[Node]) -> list[Word]:
        """The words of an argument list. Nodes that touch each other are one word, whatever the grammar says."""
        found: list[Word] = []
        for group in _touching(nodes):
            found.extend(self.fields(group[0]) if len(group) == 1 else self._together(self._flat(group), group))
        return found

    def _flat(self, nodes: Sequence[Node]) -> list[Word]:
        return [
            part
            for node in nodes
            for part in (self._parts(node) if node.type == "concatenation" else [self._one(node)])
        ]

    def fields(self, node: Node) -> list[Word]:
        """The words that one node becomes: braces and splitting may make it several, or none."""
        if node.type == "concatenation":
            return self._concatenation(node)
        if node.type == "$":  # the dollar of a translated string
            return []
        word = self._one(node)
        if word.quoted or node.type in ("word", "number", "brace_expression"):
            return braces(word)
        return split(word) if word.known and not word.feeds else [word]

    def text(self, node: Node) -> str | None:
        """The single value of a node where no splitting happens (assignment, here-string); None = not known."""
        word = joined(self._parts(node)) if node.type == "concatenation" else self._one(node)
        return word.text if word.known else None

    def _concatenation(self, node: Node) -> list[Word]:
        return self._together(self._parts(node), [node])

    def _together(self, parts: list[Word], nodes: Sequence[Node]) -> list[Word]:
        if any(part.splits and part.known for part in parts):
            return self._split_inside(parts)
        whole = joined(parts)
        spread = braces(replace(whole, quoted=False)) if not any(map(_has_quoted_brace, nodes)) else [whole]
        return [replace(word, quoted=whole.quoted) for word in spread]

    def _split_inside(self, parts: list[Word]) -> list[Word]:
        """`rm${IFS}-rf`: a known value with blanks in it ends one word and begins the next."""
        found: list[list[Word]] = [[]]
        for part in parts:
            if not (part.splits and part.known):
                found[-1].append(part)
                continue
            pieces = re.split(r"\s+", part.text)
            found[-1].append(Word(pieces[0]))
            found.extend([Word(piece)] for piece in pieces[1:])
        return [word for pieces in found if (word := joined(pieces)).text]

    def _parts(self, node: Node) -> list[Word]:
        return [self._one(child) for child in node.children]

    def _one(self, node: Node) -> Word:
        reader = _READERS.get(node.type)
        if reader is None:
            raise NotShell(f"a word of the kind {node.type.replace('_', ' ')} is not understood")
        return reader(self, node)

    def _plain(self, node: Node) -> Word:
        text = text_of(node)
        bare, escaped = _unescaped(text)
        if not escaped and (bare == "~" or bare.startswith("~/")):
            bare = self.scope.home + bare[1:]
        return Word(bare, glob=bool(_GLOB.search(_without_escapes(text))), quoted=escaped)

    def _brace(self, node: Node) -> Word:
        return Word(text_of(node))

    def _string(self, node: Node) -> Word:
        body = self._between(node, start=node.start_byte + 1, end=node.end_byte - 1)
        return replace(literal(body.text), fetched=body.fetched)

    def _between(self, node: Node, *, start: int, end: int) -> Word:
        """The text between two bytes of a node, with the expansions in it done and nothing split."""
        source = _source(node)
        pieces, at, fetched = [], start, False
        for child in node.children:
            if child.type not in _INSIDE or child.start_byte < at:
                continue
            lead = len(text_of(child)) - len(text_of(child).lstrip())
            pieces.append(_dequoted(source(at, child.start_byte + lead)))
            word = self._one(child)
            pieces.append(word.text)
            fetched = fetched or word.fetched
            at = child.end_byte
        pieces.append(_dequoted(source(at, end)))
        return Word("".join(pieces), fetched=fetched)

    def heredoc(self, body: Node, *, expands: bool) -> Word:
        """The text of a here-document (POSIX 2.7.4)."""
        if not expands:
            return literal(text_of(body))
        return self._between(body, start=body.start_byte, end=body.end_byte)

    def _raw(self, node: Node) -> Word:
        return literal(text_of(node)[1:-1])

    def _ansi(self, node: Node) -> Word:
        return literal(ansi_c(text_of(node)[2:-1]))

    def _translated(self, node: Node) -> Word:
        return self._string(node.children[-1])

    def _variable(self, node: Node) -> Word:
        return self._value_of(text_of(node).strip().removeprefix("$"))

    def _value_of(self, name: str) -> Word:
        value = self.scope.value(name)
        if name in ("?", "$", "#", "!", "-", "_", "PPID", "RANDOM", "SECONDS", "UID", "EUID", "LINENO"):
            return Word("0")
        return Word(UNKNOWN if value is None else value, splits=True)

    def _expansion(self, node: Node) -> Word:
        """`${…}`: the plain ones, the default and the substring are followed; the rest is not known."""
        text = text_of(node).strip()[2:-1]
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*?#$!-]", text):
            return self._value_of(text)
        for child in node.children:
            if child.type == "command_substitution":
                self._one(child)
        if cut := re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*):\s*([0-9]+)(?::([0-9]+))?", text):
            return self._substring(cut.group(1), int(cut.group(2)), cut.group(3))
        if default := re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*):?[-=]([\w./:@%+,-]*)", text):
            value = self.scope.value(default.group(1))
            unset = default.group(1) not in self.scope.variables
            return Word(default.group(2) if unset and value is None else value or UNKNOWN, splits=True)
        self._inner(node)
        return NOTHING_KNOWN

    def _inner(self, node: Node) -> None:
        """Read the commands that stand inside an expansion that is not followed."""
        for child in node.children:
            if child.type in ("string", "concatenation", "expansion", "simple_expansion"):
                self._one(child) if child.type != "concatenation" else self._parts(child)

    def _substring(self, name: str, start: int, length: str | None) -> Word:
        value = self.scope.value(name)
        if value is None and name in _PLAIN_PATH_VARIABLES and start == 0 and length == "1":
            return Word("/", splits=True)
        if value is None or value.startswith("~"):
            return NOTHING_KNOWN
        return Word(value[start : start + int(length)] if length else value[start:], splits=True)

    def _substitution(self, node: Node) -> Word:
        stream = self._run(node)
        if stream.text is None:
            return replace(NOTHING_KNOWN, fetched=stream.fetched)
        return Word(stream.text.rstrip("\n"), splits=True, fetched=stream.fetched)

    def _process(self, node: Node) -> Word:
        stream = self._run(node)
        return Word("/dev/fd/63", feeds=True, code=stream.text, fetched=stream.fetched)

    def _arithmetic(self, node: Node) -> Word:
        self._nested(node)
        return Word("0")

    def _nested(self, node: Node) -> None:
        """Commands hide in arithmetic too: `$(( a[$(id)] ))`."""
        for child in node.children:
            if child.type in ("command_substitution", "process_substitution"):
                self._one(child)
            else:
                self._nested(child)

    def _pattern(self, node: Node) -> Word:
        return Word(text_of(node), glob=True)

    def _array(self, node: Node) -> Word:
        self.words([child for child in node.children if child.is_named])
        return NOTHING_KNOWN


def _unescaped(text: str) -> tuple[str, bool]:
    """A bare word without its backslashes, and whether there was one before an ordinary character."""
    if "\\" not in text:
        return text, False
    joined_lines = text.replace("\\\n", "")
    return re.sub(r"\\(.)", r"\1", joined_lines, flags=re.S), "\\" in joined_lines


def _without_escapes(text: str) -> str:
    return re.sub(r"\\.", "", text, flags=re.S) if "\\" in text else text


def _dequoted(text: str) -> str:
    """Inside double quotes a backslash is only special before these (POSIX 2.2.3)."""
    return re.sub(r'\\([$`"\\\n])', lambda found: "" if found.group(1) == "\n" else found.group(1), text)


def _touching(nodes: Sequence[Node]) -> list[list[Node]]:
    """Nodes in groups between which there is white space; a backslash before a line feed is none."""
    groups: list[list[Node]] = []
    for node in nodes:
        before = groups[-1][-1] if groups else None
        if before is not None and before.type != "$" and _touches(before, node):
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _touches(before: Node, node: Node) -> bool:
    parent = node.parent
    if before.end_byte == node.start_byte:
        return True
    if parent is None or node.start_byte - before.end_byte != 2:
        return False
    start = before.end_byte - parent.start_byte
    return (parent.text or b"")[start : start + 2] == b"\\\n"


def _has_quoted_brace(node: Node) -> bool:
    if node.type in ("string", "raw_string", "ansi_c_string"):
        return b"{" in (node.text or b"")
    return any(child.type in ("string", "raw_string", "ansi_c_string") and b"{" in (child.text or b"")
               for child in node.children)  # fmt: skip


def _source(node: Node) -> Callable[[int, int], str]:
    raw, base = node.text or b"", node.start_byte
    return lambda start, end: raw[max(0, start - base) : max(0, end - base)].decode("utf-8", "replace")


_INSIDE = frozenset({"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"})
_READERS: dict[str, Callable[[Expander, Node], Word]] = {
    "word": Expander._plain,
    "number": Expander._plain,
    "variable_name": Expander._plain,
    "special_variable_name": Expander._plain,
    "test_operator": Expander._plain,
    "brace_expression": Expander._brace,
    "string": Expander._string,
    "raw_string": Expander._raw,
    "ansi_c_string": Expander._ansi,
    "translated_string": Expander._translated,
    "$": lambda _expander, _node: Word("$"),
    "simple_expansion": Expander._variable,
    "expansion": Expander._expansion,
    "command_substitution": Expander._substitution,
    "process_substitution": Expander._process,
    "arithmetic_expansion": Expander._arithmetic,
    "concatenation": lambda expander, node: joined(expander._parts(node)),
    "regex": Expander._pattern,
    "extglob_pattern": Expander._pattern,
    "array": Expander._array,
    "command_name": lambda expander, node: joined(expander._parts(node)),
    "==": Expander._plain,
    "=~": Expander._plain,
}

"""The shell's grammar: text in, a syntax tree out. The grammar is bash's, by tree-sitter.

A tree that holds an error is not a reading of the text: what the shell would make of it is not known.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from tree_sitter import Language, Node, Parser

MAX_TEXT = 65_536  # bytes of one command line; a longer one is refused unread


class NotShell(ValueError):
    """The text is no shell command line that can be read for certain; the words say why."""


@lru_cache(maxsize=1)
def _language() -> Language:
    import tree_sitter_bash

    return Language(tree_sitter_bash.language())


def parse_tree(text: str) -> Node:
    """The tree of a whole text. Raises NotShell."""
    if not text.strip():
        raise NotShell("there is no command")
    if hidden := next((character for character in text if _is_invisible(character)), ""):
        raise NotShell(f"the text holds a character that nobody sees: U+{ord(hidden):04X}")
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotShell("the text is not valid Unicode") from None
    if len(raw) > MAX_TEXT:
        raise NotShell(f"the text is longer than {MAX_TEXT} bytes")
    root = Parser(_language()).parse(raw).root_node
    if root.has_error:
        raise NotShell("the text is not a shell command that can be read for certain")
    return root


def _is_invisible(character: str) -> bool:
    """Control and format characters (Unicode categories Cc and Cf): what people approve must be what runs."""
    return character not in "\t\n\r" and unicodedata.category(character) in ("Cc", "Cf")


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")

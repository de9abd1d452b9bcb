"""Redirections: which files a command line reads and writes by `<` and `>`."""

from __future__ import annotations

from tree_sitter import Node

from backends.ssh.command import Facts
from backends.ssh.files import reads, writes
from backends.ssh.paths import Ground
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action

_WRITING = frozenset({">", ">>", "&>", "&>>", ">|", "<>"})
_DUPLICATING = frozenset({">&", "<&", ">&-", "<&-"})
_NETWORK = ("/dev/tcp/", "/dev/udp/")


def judge_redirect(node: Node, target: Word, facts: Facts, ground: Ground) -> Stream | None:
    """Adds what one redirection does; the new standard input, if it sets one."""
    operator = next(
        (child.type for child in node.children if child.type in _WRITING | _DUPLICATING or child.type == "<"), ""
    )
    if target.text.startswith(_NETWORK):  # bash's own sockets: the usual way of a reverse shell
        facts.add(Action.TUNNEL, Effect.REMOTE_CODE)
        return Stream(None, fetched=True)
    if operator in _DUPLICATING and (target.text.lstrip("-").isdigit() or target.text in ("", "-", ">&-", "<&-")):
        return None
    if operator == "<":
        reads(target, facts, ground)
        return Stream(target.code, fetched=target.fetched)
    writes(target, facts, ground)
    return None

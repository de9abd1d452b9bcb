"""What touching a file means: one function for each way, for redirections and programs alike."""

from __future__ import annotations

import re

from backends.ssh.command import Facts
from backends.ssh.paths import SINKS, Ground, holds_credentials
from backends.ssh.words import UNKNOWN, Word
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action

_HUGE = re.compile(r"\d+\s*(?:G|T|P|E|Z|Y)i?B?|\d{10,}", re.I)


def is_huge(size: str) -> bool:
    """Whether a size, as programs take it (`100G`), is a gigabyte or more: a disk may be full after it."""
    return bool(_HUGE.fullmatch(size.lstrip("+")))


def reads(word: Word, facts: Facts, ground: Ground) -> None:
    """The content of a file comes out."""
    path = _touched(word, facts, ground)
    facts.add(Action.READ, Effect.FILE_READ)
    if holds_credentials(path) or (word.glob and _may_hold_credentials(path)):
        facts.add(Action.READ, Effect.CREDENTIAL_READ)


def writes(word: Word, facts: Facts, ground: Ground) -> None:
    """A file is made, changed or overwritten."""
    if ground.place(word) in SINKS or word.text in SINKS:
        return
    path = _touched(word, facts, ground)
    facts.add(Action.WRITE, Effect.FILE_WRITE)
    if path.startswith("/dev/") and not path.startswith(("/dev/shm/", "/dev/fd/")):
        facts.add(Action.WRITE, Effect.DISK_WRITE)
    if ground.protects(word, below=False):
        facts.add(Action.WRITE, Effect.PROTECTED_PATH)


def removes(word: Word, facts: Facts, ground: Ground, *, tree: bool = False) -> None:
    """A file goes, or with `tree` a folder and all below it."""
    _touched(word, facts, ground)
    facts.add(Action.WRITE, Effect.FILE_DELETE)
    if tree:
        facts.add(Action.WRITE, Effect.RECURSIVE_DELETE)
    if (tree or word.glob) and ground.is_everything_here(word):
        facts.add(Action.WRITE, Effect.BULK_DELETE)
    if ground.protects(word, below=tree):
        facts.add(Action.WRITE, Effect.PROTECTED_PATH)
    if not word.known and (tree or word.splits):  # what goes is not known, and may be everything
        facts.add(Action.WRITE, Effect.BULK_DELETE if tree else Effect.RECURSIVE_DELETE)


def permits(word: Word, facts: Facts, ground: Ground, *, tree: bool = False) -> None:
    """Owner, mode, attributes or access list of a file change."""
    _touched(word, facts, ground)
    facts.add(Action.WRITE, Effect.PERMISSION_CHANGE)
    if ground.protects(word, below=tree) or (tree and ground.is_everything_here(word)):
        facts.add(Action.WRITE, Effect.PROTECTED_PATH)


def _touched(word: Word, facts: Facts, ground: Ground) -> str:
    path = ground.place(word)
    facts.targets.setdefault(Locator("path", (path.replace(UNKNOWN, "?"),)))
    return path


def _may_hold_credentials(path: str) -> bool:
    return path.startswith(("/etc/shad", "/etc/ssh/", "/etc/sudoers")) or any(
        part in path for part in ("/.ssh/", "/.aws/", "/.gnupg/", "/.kube/", "/.docker/")
    )

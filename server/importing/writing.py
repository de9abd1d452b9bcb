"""Writes secrets into files that only their owner reads. What is there already is never overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from server.importing.proposing import Proposal


def write_secrets(proposals: Iterable[Proposal]) -> list[Path]:
    """The files that were made; all or none. Raises OSError, FileExistsError for a file that is there."""
    made: list[Path] = []
    try:
        for proposal in proposals:
            for path, secret in proposal.secrets.items():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                made.append(path)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    os.fchmod(descriptor, 0o600)
                    file.write(secret.expose())
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return made

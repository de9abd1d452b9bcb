"""LANGUAGES: one folder a protocol, how it is asked and how it is done.

`base` says what a folder must offer; `BACKENDS` is the registry, read top to
bottom. Adding a protocol is one folder and one entry here.
"""

from __future__ import annotations

from backends.base import Backend


def load_backends() -> tuple[Backend, ...]:
    """The registered backends. A function, so that a heavy protocol library loads when it is first needed."""
    from backends.postgres import BACKEND as POSTGRES

    return (POSTGRES,)

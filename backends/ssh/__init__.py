"""SSH: `parse` judges command lines by what they do, `upstream` runs them and moves files, for agents.

The native door, with shells and sessions, is not here yet.
"""

from __future__ import annotations

from backends.base import Backend, Secrets, Upstream
from backends.ssh.parse import parse, preview
from backends.ssh.verbs import VERBS
from catalog.model import Resource


def _open(resource: Resource, secrets: Secrets) -> Upstream:
    from backends.ssh.upstream import open_upstream  # asyncssh costs half a second to load

    return open_upstream(resource, secrets)


BACKEND = Backend(name="ssh", title="SSH", verbs=VERBS, parse=parse, preview=preview, open=_open)

"""SSH: `parse` judges command lines by what they do, `upstream` runs them and moves files, for agents.

`front` is the native door: people's own ssh, scp and sftp.
"""

from __future__ import annotations

from collections.abc import Sequence

from backends.base import Backend, Secrets, Upstream
from backends.door import Front, Hall, Reception
from backends.ssh.parse import parse, preview
from backends.ssh.verbs import VERBS
from catalog.model import Resource


def _open(resource: Resource, secrets: Secrets) -> Upstream:
    from backends.ssh.upstream import open_upstream  # asyncssh costs half a second to load

    return open_upstream(resource, secrets)


def _hall(reception: Reception, *, host_keys: Sequence[str]) -> Hall:
    from backends.ssh.front import SshHall

    return SshHall(reception, host_keys)


FRONT = Front(protocol="ssh", port=2222, alpn=(), open=_hall)
BACKEND = Backend(name="ssh", title="SSH", verbs=VERBS, parse=parse, preview=preview, open=_open, front=FRONT)

"""What a server may say at any time: parameters that changed, notices, notifications."""

from __future__ import annotations

from collections.abc import Mapping

from backends.errors import WireError
from backends.postgres.connection import HELD, PINNED
from backends.postgres.front_words import server_notice
from backends.postgres.wire import HEADER, report


class Asides:
    """Watches what must not change: whose session it is, and how text is read. `parameters` are those of log-in."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)

    def pass_on(self, message: bytes, *, tainted: bool) -> bytes:
        """The message as the client may see it. Raises WireError when the session is not what it was."""
        if message[0] == 83:
            self._watch(message)
        elif message[0] == 78:
            return server_notice(report(78, message[HEADER:]).fields, tainted=tainted) or message
        return message

    def _watch(self, message: bytes) -> None:
        name, value = (part.decode("utf-8", "replace") for part in message[HEADER:-1].split(b"\0", 1))
        if name in HELD and self._parameters.get(name, value) != value:
            raise WireError(f"the session changed its {name}")
        if PINNED.get(name, value) != value:
            raise WireError(f"the session changed {name}")
        self._parameters[name] = value

"""The errors a backend may raise. Foreign exceptions are mapped to these once, at the edge."""

from __future__ import annotations

from dataclasses import dataclass


class WireError(Exception):
    """Bytes that break the protocol. `local` = we built them, else the peer sent them."""

    def __init__(self, message: str, *, local: bool = False) -> None:
        super().__init__(message)
        self.local = local


@dataclass
class UpstreamError(Exception):
    """The target answered with an error, or did not answer.

    `code`: the protocol's own code (SQLSTATE) or one of `unreachable`, `authentication`, `timeout`,
    `cancelled`, `lost` (died in the middle; what ran is unknown), `limit`, `protocol`.
    `message`: the target's words, which may carry data; `safe`: words that cannot.
    `exposes_data` is False when the error arose before the target read any data (then `message` may be shown).
    """

    code: str
    message: str
    safe: str
    exposes_data: bool = True
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.safe}"

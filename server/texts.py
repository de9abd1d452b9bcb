"""The texts of one answer, such as what a command printed: kept by channel, masked before anything leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from backends.base import Text
from catalog.cellmask import Manner
from catalog.model import Label
from server.answer import MaskedColumn

log = structlog.get_logger("warded.detection")

UNAVAILABLE = "[MASKED:unavailable]"
"""Stands for a text that could not be looked at."""


class Texts:
    """Collects pieces. `masked()` is the only way out of it."""

    __slots__ = ("_pieces", "counts", "manner", "revealed", "size")

    def __init__(self, manner: Manner, revealed: frozenset[Label]) -> None:
        self.manner, self.revealed = manner, revealed
        self.counts: dict[tuple[str, Label], int] = {}
        """How many values of a label were hidden in a channel."""
        self.size = 0
        self._pieces: dict[str, list[bytes]] = {}

    def take(self, chunk: Text) -> None:
        self._pieces.setdefault(chunk.channel, []).append(chunk.data)
        self.size += len(chunk.data)

    async def masked(self) -> Mapping[str, str]:
        """Every channel as text, with what is sensitive hidden. A large text is looked at off the event loop."""
        return await asyncio.to_thread(self._all) if self.size > SMALL else self._all()

    @property
    def columns(self) -> tuple[MaskedColumn, ...]:
        """What was hidden, in the form in which answers tell it: the channel stands for the column."""
        return tuple(MaskedColumn(channel, label, "redact") for channel, label in sorted(self.counts))

    def _all(self) -> dict[str, str]:
        return {channel: self._text(channel, b"".join(pieces)) for channel, pieces in self._pieces.items()}

    def _text(self, channel: str, data: bytes) -> str:
        from catalog.stream import StreamMasker  # the classifier behind it costs half a second to load

        masker = StreamMasker(manner=self.manner, revealed=self.revealed)
        try:
            shown = masker.feed(data) + masker.close()
        except Exception as error:  # noqa: BLE001 - a text that breaks a detector must not pass
            log.error("text not looked at", channel=channel, problem=type(error).__name__)
            self.counts[channel, Label.UNSCANNED] = 1
            return UNAVAILABLE
        for label, count in masker.counts.items():
            self.counts[channel, label] = count
        return shown.decode("utf-8", "replace")


SMALL = 16_384
"""Bytes that are looked at where they are: less than a millisecond."""

"""The JSON parts of one answer: masked by what their keys and values say, before anything leaves."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from backends.base import Json
from catalog.cellmask import Manner
from catalog.jsonverdicts import Verdicts
from catalog.model import Label
from server.answer import MaskedColumn
from server.texts import SMALL, UNAVAILABLE

log = structlog.get_logger("warded.detection")

DOCUMENT = "document"
MOST_NAMED = 200
"""Masked places that an answer names; the rest is counted."""
SAFE_INTEGER = 2**53 - 1
_INDEX = re.compile(r"/\d+(?=/|$)")


@dataclass(slots=True)
class Documents:
    """Collects parts. `masked()` is the only way out of it."""

    manner: Manner
    revealed: frozenset[Label]
    verdicts: Verdicts | None = None
    """What documents of the same source held so far."""
    size: int = 0
    parts: list[Json] = field(default_factory=list)
    found: dict[tuple[str, str, Label], int] = field(default_factory=dict)
    """(channel, JSON pointer with `*` for the items of arrays, label) → how many values."""

    def take(self, chunk: Json) -> None:
        self.parts.append(chunk)
        self.size += len(chunk.text)

    async def masked(self) -> tuple[object, Mapping[str, str]]:
        """The structured document (None = there is none) and the texts by channel. Large ones off the event loop."""
        return await asyncio.to_thread(self._all) if self.size > SMALL else self._all()

    @property
    def columns(self) -> tuple[MaskedColumn, ...]:
        """What was hidden, in the form in which answers tell it: the JSON pointer stands for the column."""
        places = sorted(self.found)[:MOST_NAMED]
        return tuple(MaskedColumn(_place(channel, pointer), label, "redact") for channel, pointer, label in places)

    def _all(self) -> tuple[object, dict[str, str]]:
        document: object = None
        texts: dict[str, str] = {}
        for part in self.parts:
            text = self._text(part)
            if part.channel != DOCUMENT:
                texts[part.channel] = text if text is not None else UNAVAILABLE
            else:
                document = UNAVAILABLE if text is None else _exact(json.loads(text))
        return document, texts

    def _text(self, part: Json) -> str | None:
        from catalog.structured import mask_json  # the classifier behind it costs half a second to load

        try:
            masked = mask_json(part.text, revealed=self.revealed, manner=self.manner, verdicts=self.verdicts)
        except Exception as error:  # noqa: BLE001 - a text that breaks a detector must not pass
            log.error("document not looked at", channel=part.channel, problem=type(error).__name__)
            self.found[part.channel, "", Label.UNSCANNED] = 1
            return None
        for finding in masked.findings:
            key = (part.channel, _INDEX.sub("/*", finding.pointer), finding.label)
            self.found[key] = self.found.get(key, 0) + 1
        return masked.text


def _place(channel: str, pointer: str) -> str:
    return pointer if channel == DOCUMENT and pointer else f"{channel}{pointer}"


def _exact(value: Any) -> Any:
    """Numbers that not every JSON reader keeps exactly become texts (RFC 8259 §6)."""
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return str(value)
    return value

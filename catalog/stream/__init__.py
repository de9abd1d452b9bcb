"""Terminals and logs: text that comes in pieces, with escape sequences, prompts and tables in it."""

from __future__ import annotations

from catalog.stream.masker import StreamMasker

__all__ = ["StreamMasker"]

"""Definitions of MCP tools and prompts, pinned by their SHA-256: what was not accepted is neither listed nor called."""

from server.pins.pins import Pins

__all__ = ["Pins"]

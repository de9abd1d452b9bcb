"""A server's answer to a call, as Chunks: every part of it is either masked text or JSON, or left out with a note.

Source: MCP 2026-07-28, schema, ContentBlock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from backends.base import Chunk, Done, Json, Text
from backends.errors import UpstreamError

MAX_BLOCKS = 1000
DOCUMENT = "document"


def chunks_of(result: Mapping[str, Any]) -> Iterator[Chunk]:
    """Of a CallToolResult. Raises UpstreamError for one that is none."""
    if result.get("resultType", "complete") != "complete":
        raise _broken("the server asks for input in the middle of a call, which is not passed on")
    blocks = result.get("content") or []
    if not isinstance(blocks, list) or len(blocks) > MAX_BLOCKS:
        raise _broken(f"the answer has more than {MAX_BLOCKS} parts")
    structured = result.get("structuredContent")
    if structured is not None:
        yield Json(_dumped(structured), DOCUMENT)
    number = 0
    for block in blocks:
        for name, text in _texts(block):
            if structured is not None and _says(text, structured):
                continue  # many servers send the same twice
            number += 1
            channel = name if number == 1 else f"{name}_{number}"
            yield Json(text, channel) if _is_json(text) else Text(text.encode("utf-8", "replace"), channel)
    yield Done(outcome="error" if result.get("isError") else "")


def _texts(block: object) -> Iterator[tuple[str, str]]:
    """(what it is, text) of one block."""
    if not isinstance(block, Mapping):
        raise _broken("the answer has a part that is no content")
    kind = block.get("type")
    if kind == "text":
        yield "text", str(block.get("text", ""))
    elif kind == "resource":
        yield from _embedded(block.get("resource"))
    elif kind == "resource_link":
        parts = (str(block.get(name, "")) for name in ("title", "name", "uri", "description"))
        yield "link", "\n".join(part for part in parts if part)
    else:  # images, audio and whatever comes: what is in them cannot be looked at, so it cannot be masked
        yield "note", f"[{_kind_of(block)}, not shown: its content cannot be masked]"


def _embedded(resource: object) -> Iterator[tuple[str, str]]:
    if not isinstance(resource, Mapping):
        raise _broken("the answer has a resource that is none")
    yield "resource", f"{resource.get('uri', '')}"
    if "text" in resource:
        yield "resource", str(resource["text"])
    else:
        yield "note", f"[{_kind_of(resource)}, not shown: its content cannot be masked]"


def _kind_of(block: Mapping[str, Any]) -> str:
    """Its type in characters that cannot say anything."""
    named = str(block.get("mimeType") or block.get("type") or "data")[:60]
    size = len(str(block.get("data") or block.get("blob") or "")) * 3 // 4
    kept = "".join(char for char in named if char.isascii() and (char.isalnum() or char in "/+-."))
    return f"{kept}, {size} bytes" if size else kept


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _says(text: str, structured: object) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return bool(json.loads(text) == structured)
    except (ValueError, RecursionError):
        return False


def _dumped(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise _broken("the answer is not JSON, or nested too deeply") from None


def _broken(words: str) -> UpstreamError:
    return UpstreamError("protocol", words, words, exposes_data=False)

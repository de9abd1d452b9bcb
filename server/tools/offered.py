"""The tools of other servers, as this caller sees them; and how to find one where there are too many to list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backends.base import Offer, Verb
from catalog.model import Resource
from policy.model import Identity
from server.judging import Judge
from server.tools.render import tool_result

PAGE = 100
"""Tools in one answer to tools/list."""
FOUND = 10
MAX_QUERY = 400

_TEXT = {"type": "string"}
_TOOL = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "resource": _TEXT,
        "description": _TEXT,
        "counts_as": _TEXT,
        "reason": _TEXT,
        "input_schema": {"type": "object"},
    },
    "required": ["name", "resource", "description", "counts_as", "reason", "input_schema"],
    "additionalProperties": False,
}

SEARCH_TOOLS = Verb(
    name="search_tools",
    title="Search tools",
    doc=(
        "Finds tools of the other servers behind this gateway: there are too many to list. Describe in a few words "
        "what you want to do; you get the best matches with their arguments. Then use call_tool."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "query": {**_TEXT, "maxLength": MAX_QUERY, "description": "What you want to do, in a few words."},
            "resource": {**_TEXT, "description": "Only tools of this resource. Left out: of all."},
        },
        "required": ["query"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "tools": {"type": "array", "items": _TOOL},
            "total": {"type": "integer"},
            "next_step": _TEXT,
        },
        "required": ["next_step"],
        "additionalProperties": False,
    },
    hints={"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
)

CALL_TOOL = Verb(
    name="call_tool",
    title="Call a tool",
    doc=(
        "Calls a tool that search_tools found, under its name and with its own arguments. It is judged, held, masked "
        "and recorded exactly as if it had been listed."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "name": {**_TEXT, "description": "Name of the tool, as search_tools gives it."},
            "arguments": {"type": "object", "description": "The tool's own arguments."},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    output_schema={"type": "object"},
    hints={"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True},
)


class OfferedTools:
    """What `judge` lets a caller see. The order is fixed: by resource, then by name."""

    def __init__(self, judge: Judge, *, search_above: int) -> None:
        self.judge, self.search_above = judge, search_above

    async def shown(self, identity: Identity) -> list[tuple[Resource, Offer]]:
        """All that this caller may see, brought up to date."""
        await self.judge.verbs.learn()
        return [
            (resource, offer)
            for resource, offer in self.judge.verbs.offered()
            if self.judge.shows(identity, resource, offer)
        ]

    async def known(self, name: str) -> tuple[Resource, Offer] | None:
        """The offer of this name, after a look at the server that it may be of."""
        nearest = self.judge.verbs.nearest(name)
        if nearest:
            await self.judge.verbs.learn(nearest)
        return self.judge.verbs.bound(name)

    async def search(self, identity: Identity, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = str(arguments.get("resource", ""))
        shown = [each for each in await self.shown(identity) if not wanted or each[0].name == wanted]
        words = _words(str(arguments["query"])[:MAX_QUERY])
        ranked = sorted(shown, key=lambda each: (-_rank(words, each[1].verb), each[1].verb.name))
        best = [each for each in ranked if _rank(words, each[1].verb) > 0][:FOUND]
        step = (
            "Use call_tool with the name and arguments of one of these." if best else "Nothing fits: use other words."
        )
        tools = [_found(resource, offer) for resource, offer in best]
        return tool_result({"tools": tools, "total": len(shown), "next_step": step}, is_error=False)


def _found(resource: Resource, offer: Offer) -> dict[str, Any]:
    return {
        "name": offer.verb.name,
        "resource": resource.name,
        "description": offer.verb.doc[:1000],
        "counts_as": " ".join(sorted(offer.probe.actions)),
        "reason": offer.reason,
        "input_schema": dict(offer.verb.input_schema),
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(_stems(text))


def _stems(text: str) -> Iterator[str]:
    for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text):
        stem = word.lower()
        yield stem.removesuffix("s") if len(stem) > 3 else stem


def _rank(words: frozenset[str], verb: Verb) -> int:
    """A word in the name counts for more than one in the description."""
    return 3 * len(words & _words(verb.name)) + 2 * len(words & _words(verb.title)) + len(words & _words(verb.doc))

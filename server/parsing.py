"""Stage parse: what a call asks for, with the names that the target itself gives to things.

What the target says of its names is asked before the text is judged, from memory almost always. Where
it cannot be had, the text is judged by itself, which allows less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.base import Informed
from backends.errors import UpstreamError
from policy.model import Operation
from server.judging import Place
from server.upstreams import Upstreams

MISSING = "missing"
"""Option of an Operation: it names what the target does not have, as far as was known."""


async def understand(upstreams: Upstreams, place: Place, verb: str, arguments: Mapping[str, Any]) -> Operation:
    """Raises ValueError for arguments that break the verb's input schema."""
    parse, upstream = place.backend.parse_for, _opened(upstreams, place)
    if parse is None or upstream is None:
        return place.backend.parse(verb, arguments)
    target = await upstream.target(place.login)
    operation = parse(verb, arguments, target=target)
    if MISSING in operation.options:
        fresh = await upstream.target(place.login, missed=True)
        operation = operation if fresh is target else parse(verb, arguments, target=fresh)
    return operation


def _opened(upstreams: Upstreams, place: Place) -> Informed | None:
    """None also where it cannot be opened: to say so is for the stage that executes."""
    try:
        upstream = upstreams.get(place.resource)
    except (UpstreamError, ValueError):
        return None
    return upstream if isinstance(upstream, Informed) else None

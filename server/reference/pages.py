"""Which part of which page is generated, and the replacing of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from server.reference.commands import command_parts
from server.reference.configuration import configuration_parts
from server.reference.masks import mask_parts
from server.reference.metrics import metric_parts
from server.reference.records import record_parts
from server.reference.rules import rule_parts
from server.reference.tools import tool_parts

PARTS: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "configuration.md": configuration_parts,
    "cli.md": command_parts,
    "policy.md": rule_parts,
    "masks.md": mask_parts,
    "mcp.md": tool_parts,
    "operations.md": metric_parts,
    "recording.md": record_parts,
}
"""Page → the texts of its generated parts, by name."""

_PART = re.compile(r"(<!-- generated: (?P<name>\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, parts: Mapping[str, str]) -> str:
    """The page with every generated part replaced. Raises KeyError for a part that no function writes,
    ValueError when a part that there is has no place in the page."""
    missing = parts.keys() - {match["name"] for match in _PART.finditer(page)}
    if missing:
        raise ValueError(f"the page has no place for {', '.join(sorted(missing))}")
    return _PART.sub(lambda match: f"{match[1]}\n{parts[match['name']]}\n\n{match[3]}", page)

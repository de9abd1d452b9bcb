"""What an MCP server says of its tools, resources and prompts, word for word: what is pinned, shown and judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from policy.model import canonical_digest

if TYPE_CHECKING:
    from backends.mcp.suspicion import Suspicion

Kind = Literal["tool", "resource", "template", "prompt"]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Definition:
    """One thing that a server offers. `name` is the server's own name of it (the URI of a resource or template).

    `input_schema` of a prompt lists its arguments. `annotations` are the server's own claims and never trusted.
    `digest` is the SHA-256 (hex) over the canonical JSON of all of it. Source: MCP 2026-07-28, server/tools.
    """

    kind: Kind
    name: str
    title: str = ""
    description: str = ""
    input_schema: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    output_schema: Mapping[str, Any] | None = None
    annotations: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    digest: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self))

    def document(self) -> dict[str, Any]:
        """The definition as plain JSON: what is kept, compared and pointed into."""
        return {
            "kind": self.kind,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": dict(self.input_schema),
            "outputSchema": None if self.output_schema is None else dict(self.output_schema),
            "annotations": dict(self.annotations),
        }

    def suspicions(self, others: Mapping[str, Collection[str]]) -> tuple[Suspicion, ...]:
        """See `backends.mcp.suspicion`."""
        from backends.mcp.suspicion import suspicions

        return suspicions(self, others=others)


def _digest(definition: Definition) -> str:
    output = definition.output_schema
    return canonical_digest(
        [
            definition.kind,
            definition.name,
            definition.title,
            definition.description,
            dict(definition.input_schema),
            None if output is None else dict(output),
            dict(definition.annotations),
        ]
    )

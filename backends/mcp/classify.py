"""Our own judgement of what a tool of another server does, by its name, description and schema.

What the server itself claims (annotations) never makes a tool harmless; it may make it worse. What nothing tells is
`unknown-tool`. Every classification has a reason, which people and agents are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from backends.mcp.definitions import Definition
from backends.mcp.settings import ToolSettings
from backends.mcp.words import DEEDS, LOUD, Deed, told, words_of
from policy.effects import Effect
from policy.model import Action

_MEANING: Mapping[Deed, tuple[Action, tuple[Effect, ...]]] = MappingProxyType(
    {
        Deed.READ: (Action.READ, (Effect.TOOL_READ,)),
        Deed.WRITE: (Action.WRITE, (Effect.TOOL_WRITE,)),
        Deed.DELETE: (Action.WRITE, (Effect.TOOL_WRITE, Effect.TOOL_DELETE)),
        Deed.FETCH: (Action.TRANSFER, (Effect.NETWORK_FETCH,)),
        Deed.SEND: (Action.TRANSFER, (Effect.NETWORK_SEND,)),
        Deed.ADMINISTER: (Action.ADMINISTER, (Effect.TOOL_ADMINISTER,)),
        Deed.RUN: (Action.RUN, (Effect.TOOL_RUN,)),
    }
)
_BY_ACTION: Mapping[Action, tuple[Effect, ...]] = MappingProxyType(
    {
        Action.READ: (Effect.TOOL_READ,),
        Action.WRITE: (Effect.TOOL_WRITE,),
        Action.TRANSFER: (Effect.NETWORK_SEND,),
        Action.ADMINISTER: (Effect.TOOL_ADMINISTER,),
        Action.RUN: (Effect.TOOL_RUN,),
    }
)
_CODE = frozenset({"command", "cmd", "script", "code", "shell", "program", "argv", "expression", "javascript"})
_RECEIVER = frozenset({"to", "recipient", "recipients", "channel", "channel_id", "webhook", "webhook_url", "cc", "bcc"})
_CONTENT = frozenset({"body", "message", "text", "content", "subject", "payload", "attachment", "attachments"})
_ADDRESS = frozenset({"url", "uri", "urls", "endpoint", "callback_url", "href"})


@dataclass(frozen=True, slots=True)
class Classification:
    """What calling a tool counts as, and why."""

    action: Action
    effects: frozenset[str]
    reason: str

    @property
    def is_known(self) -> bool:
        return Effect.UNKNOWN_TOOL not in self.effects


def classify(tool: Definition, settings: ToolSettings | None = None) -> Classification:
    """The configuration's word if it has one; else the gravest thing that name, description or schema tell."""
    if settings is not None and settings.action is not None:
        effects = _BY_ACTION.get(settings.action, (Effect.UNKNOWN_TOOL,))
        return Classification(settings.action, frozenset(effects), "the configuration says so")
    found = [*_by_name(tool.name)]
    if not found:
        return _unknown("its name does not tell what it does")
    found += _by_description(tool.description)
    found += _by_schema(tool.input_schema)
    deed, reason = max(found, key=lambda each: each[0].value)
    if deed is Deed.READ and tool.annotations.get("destructiveHint") is True:
        return _unknown("its name says that it reads, and its server says that it destroys")
    action, effects = _MEANING[deed]
    return Classification(action, frozenset(effects), reason)


def _unknown(reason: str) -> Classification:
    return Classification(Action.RUN, frozenset({Effect.UNKNOWN_TOOL}), reason)


def _by_name(name: str) -> Iterable[tuple[Deed, str]]:
    """The first word that is a deed, and every loud one after it."""
    first = True
    for word in words_of(name):
        deed = DEEDS.get(word)
        if deed is None or not (first or word in LOUD):
            continue
        first = False
        yield deed, f"the name says {word!r}"


def _by_description(description: str) -> Iterable[tuple[Deed, str]]:
    for word in told(description):
        if (deed := DEEDS.get(word)) is not None:
            yield deed, f"the description says {word!r}"


def _by_schema(schema: Mapping[str, Any]) -> Iterable[tuple[Deed, str]]:
    properties = schema.get("properties")
    names = {str(name).lower() for name in properties} if isinstance(properties, Mapping) else set()
    for name in sorted(names & _CODE):
        yield Deed.RUN, f"it takes {name!r}, which is code"
    if (receiver := sorted(names & _RECEIVER)) and names & _CONTENT:
        yield Deed.SEND, f"it takes {receiver[0]!r} and a content"
    for name in sorted(names & _ADDRESS):
        yield Deed.FETCH, f"it takes {name!r}, an address to go to"

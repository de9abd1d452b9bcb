"""A call of another server's tool → one Operation: the tool's classification and what its arguments say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backends.mcp.arguments import TextParser, read_facts
from backends.mcp.surface import PROTOCOL, Surface, Tool
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Operation, Statement

TOOL, DEFINITION, ARGUMENTS = "tool", "definition", "arguments"
"""Options of an Operation: the server's own name of the tool, the digest of what it said of it, what it is sent."""
MAX_ARGUMENTS = 4_000_000  # characters
_GENERAL = frozenset({Effect.TOOL_RUN, Effect.UNKNOWN_TOOL, Effect.TOOL_READ})


def parse(verb: str, arguments: Mapping[str, Any]) -> Operation:
    """Without the server's own word nothing is known of a tool."""
    raise ValueError("this tool is not known at present")


def parse_for(
    verb: str,
    arguments: Mapping[str, Any],
    *,
    target: object | None = None,
    parsers: Mapping[str, TextParser] | None = None,
) -> Operation:
    """Raises ValueError for a tool that the server does not offer, and for arguments that no server should be sent."""
    tool = target.tools.get(verb) if isinstance(target, Surface) else None
    if tool is None:
        return parse(verb, arguments)
    sent = canonical(arguments)
    return _operation(verb, tool, arguments, sent=sent, parsers=parsers or {})


def canonical(arguments: Mapping[str, Any]) -> str:
    """The same text for the same arguments. Raises ValueError for what is not JSON, or too long or deep."""
    try:
        text = json.dumps(arguments, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (RecursionError, TypeError) as error:
        raise ValueError("the arguments are not JSON, or nested too deeply") from error
    if len(text) > MAX_ARGUMENTS:
        raise ValueError(f"the arguments are longer than {MAX_ARGUMENTS} characters")
    return text


def _operation(
    verb: str, tool: Tool, arguments: Mapping[str, Any], *, sent: str, parsers: Mapping[str, TextParser]
) -> Operation:
    name, judged = tool.definition.name, tool.classification
    fetches = judged.action in (Action.TRANSFER, Action.RUN)
    facts = read_facts(name, arguments, kinds=tool.settings.arguments, parsers=parsers, fetches=fetches)
    actions, effects = {judged.action}, set(judged.effects)
    if facts.judged and effects <= _GENERAL:  # the text says more exactly what the call does than the tool's name
        actions, effects = set(), set()
    actions |= facts.actions
    effects |= facts.effects
    text = f"{name} {json.dumps(json.loads(sent), indent=2, ensure_ascii=False)}"
    names = frozenset(str(effect) for effect in effects)
    return Operation(
        PROTOCOL,
        verb,
        text,
        actions=frozenset(actions or {Action.UNKNOWN}),
        effects=names,
        targets=(Locator("tool", (name,)), *facts.targets),
        columns=tuple(facts.columns),
        statements=(Statement(name, text, names, f"It counts as {judged.action}: {judged.reason}."),),
        problem=facts.problem,
        opaque=not judged.is_known or bool(facts.problem),
        options={TOOL: name, DEFINITION: tool.definition.digest, ARGUMENTS: sent},
    )


def preview(operation: Operation) -> Operation:
    """The same, planned only."""
    actions = operation.actions & {Action.UNKNOWN} or {Action.READ}
    return replace(operation, actions=frozenset(actions), options={**operation.options, "preview": "yes"})

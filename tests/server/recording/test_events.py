"""The closed set of events."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from server.recording.events import EVENTS, Event, OutcomeUnknown, UnknownEvent, from_dict, to_dict
from tests.server.recording.records import closed, opened

EXAMPLES: list[Event] = [opened("1"), closed("1"), OutcomeUnknown(operation_id="1", segment="w/s.jsonl")]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_comes_back_from_its_fields(event: Event) -> None:
    assert from_dict(event.type, to_dict(event)) == event


def test_the_name_of_every_event_ends_in_its_version() -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+/\d+", name) for name in EVENTS)


def test_the_fields_of_a_version_are_frozen() -> None:
    """A change here is a new version of that event: old files must stay readable."""
    assert {name: [field.name for field in fields(kind)] for name, kind in EVENTS.items()} == {
        "session.opened/1": ["user", "groups", "via", "client_id", "client_name", "warded_version"],
        "operation.opened/1": [
            *("operation_id", "door", "verb", "resource", "login", "text", "parameters", "actions", "effects"),
            *("targets", "digest", "policy_version", "decision", "reasons", "request_id"),
        ],
        "operation.closed/1": [
            *("operation_id", "outcome", "rows", "affected", "masked", "masked_cells", "truncated"),
            *("error_code", "duration_ms", "revealed", "mask_key"),
        ],
        "request.decided/1": ["request_id", "decision", "user", "group", "comment"],
        "outcome.unknown/1": ["operation_id", "segment"],
        "catalog.changed/1": ["resource", "place", "what", "before", "after", "by", "why"],
        "definition.changed/1": [
            *("resource", "kind", "name", "what", "state", "digest", "before", "by", "why", "suspicions"),
        ],
        "connection.opened/1": ["connection_id", "door", "resource", "login", "proof", "peer"],
        "connection.closed/1": ["connection_id", "reason", "statements"],
        "terminal.recorded/1": ["operation_id", "name", "sha256", "bytes"],
    }


@pytest.mark.parametrize(
    ("kind", "values"), [("operation.opened/2", {}), ("outcome.unknown/1", {"operation_id": "1", "later": 1})]
)
def test_an_event_of_a_newer_version_is_not_guessed_at(kind: str, values: dict[str, object]) -> None:
    with pytest.raises(UnknownEvent, match=kind):
        from_dict(kind, values)

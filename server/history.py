"""Recorded operations as questions for other rules: what `warded policy replay` and `diff` ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from catalog.labels import Labels
from catalog.model import Resource
from policy.diff import Question
from policy.replay import Call, Caller, question_of
from server.recording.chain import BadRecord
from server.recording.events import OperationOpened, SessionOpened, UnknownEvent
from server.recording.reading import event_of, read_events
from server.scanning import load_labels
from server.store.engine import Store
from server.store.models import Segment


@dataclass(slots=True)
class History:
    """What the records say. `skipped` counts calls to resources that are gone, `damaged` names broken segments."""

    questions: list[Question] = field(default_factory=list)
    skipped: int = 0
    damaged: list[str] = field(default_factory=list)


async def recorded(store: Store, folder: Path, resources: Mapping[str, Resource], *, since: float) -> History:
    """Every operation opened since then (UNIX seconds), oldest session first. Raises StoreUnavailable."""
    query = select(Segment).where(Segment.updated_at >= since).order_by(Segment.opened_at, Segment.id)
    async with store.session(read_only=True) as session:
        segments = list((await session.execute(query)).scalars())
    labels = {name: await load_labels(store, name) for name in resources}
    history = History()
    for segment in segments:
        _read(folder / segment.path, resources, labels, since=since, history=history)
    return history


def _read(
    path: Path,
    resources: Mapping[str, Resource],
    labels: Mapping[str, Labels],
    *,
    since: float,
    history: History,
) -> None:
    """What comes before the damage is used; the damage is told."""
    try:
        for call in calls(path, since=since):
            question = question_of(call, resources, labels)
            if question is None:
                history.skipped += 1
            else:
                history.questions.append(question)
    except (BadRecord, OSError):
        history.damaged.append(path.name)


def calls(path: Path, *, since: float = 0.0) -> Iterator[Call]:
    """The operations of one segment. Events of a newer version are passed over. Raises BadRecord, OSError."""
    caller = Caller("", (), "agent", "", "")
    for record in read_events(path):
        try:
            event = event_of(record)
        except UnknownEvent:
            continue
        if isinstance(event, SessionOpened):
            caller = Caller(event.user, event.groups, event.via, event.client_id, event.client_name)
        elif isinstance(event, OperationOpened) and record.at >= since:
            yield Call(caller, record.at, record.event)

"""Resources whose values pass when detection fails: the operator's choice, told at every start and recorded."""

from __future__ import annotations

import structlog

from server.catalog.places import ITSELF
from server.config import Config
from server.recording.events import CatalogChanged
from server.recording.recorder import Recorder

log = structlog.get_logger("warded.detection")


async def failing_open(config: Config, recorder: Recorder) -> frozenset[str]:
    """Their names. Raises RecordingUnavailable: a choice that cannot be recorded is not in force."""
    names = frozenset(name for name, resource in config.resources.items() if resource.fail_open)
    for name in sorted(names):
        log.warning("fail_open is set: when detection fails, clear columns pass unseen", resource=name)
        event = CatalogChanged(resource=name, place="", what="fail-open", why="fail_open in the configuration")
        await recorder.append(ITSELF, event, durability="disk")
    return names

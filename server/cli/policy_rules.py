"""What the commands about rules share: which document they mean, and what the configuration adds to it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import USAGE, CommandFailed

if TYPE_CHECKING:
    from catalog.model import Resource
    from policy.engine import Engine
    from policy.model import Operation
    from server.config import Config

FolderArgument = Annotated[Path | None, typer.Argument(help="Folder of .cedar files instead of the configured one.")]

_AGO = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def engine_of(settings: Config, folder: Path | None) -> Engine:
    """The rules of a folder, by default the configured one, with the configured packs. Raises PolicyDocumentError."""
    from policy.document import load_document
    from policy.engine import Engine

    policy = settings.policy
    document = load_document(folder or policy.folder, policy.packs, time_zone=policy.time_zone)
    return Engine(document, approval_expiry=settings.limits.approval_expiry_seconds)


def parse_text(kind: str, text: str) -> Operation:
    """What a backend of that kind makes of a text. Raises ValueError when none is there."""
    from backends import load_text_parsers

    parser = load_text_parsers().get(kind)
    if parser is None:
        raise ValueError(f"nothing here parses {kind!r}")
    return parser(text, {})


def resource_named(resources: Mapping[str, Resource], name: str) -> Resource:
    """Raises CommandFailed with the nearest name."""
    from policy.problems import nearest

    if name in resources:
        return resources[name]
    meant = nearest(name, resources)
    remedy = f"Did you mean {meant}?" if meant else "`warded resources list` shows all."
    raise CommandFailed(f"there is no resource {name}", remedy, code=USAGE)


def since_seconds(text: str) -> float:
    """ "7d", "12h", "30m", "2w" ago, or an ISO 8601 time, as UNIX seconds."""
    from datetime import UTC, datetime

    match = re.fullmatch(r"([0-9]{1,6})([mhdw])", text)
    if match:
        return time.time() - int(match[1]) * _AGO[match[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(
            f"--since cannot be {text}", "Write 7d, 12h, 30m, or a time such as 2026-03-01T00:00:00Z.", code=USAGE
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

"""warded doctor: everything that keeps a client from being served, one line each, with the remedy.

`line` is what is reported; `machine`, `certificates`, `state`, `targets`, `rights` and
`visitor` each look at one side. A check never raises for what it finds: the
finding is its result.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from server.config_file import ConfigError, load_config
from server.doctor.certificates import check_certificates
from server.doctor.line import Line, fail, ok
from server.doctor.machine import check_files, check_policies, check_recording, check_row_walk, check_secrets
from server.doctor.rights import check_rights
from server.doctor.state import check_steady_clock, check_store
from server.doctor.targets import check_targets
from server.doctor.visitor import check_public_url

__all__ = ["Line", "examine"]


async def examine(
    path: Path,
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    transport: httpx.AsyncBaseTransport | None = None,
) -> list[Line]:
    """Every line, in the order in which to mend them. Without a configuration there is nothing else to look at.

    `transport` replaces the network on the way to the public URL.
    """
    began = clock(), monotonic()
    try:
        config = load_config(path)
    except ConfigError as error:
        return [fail("config", f"{p.file}:{p.line} {p.key}: {p.what}", p.remedy) for p in error.problems]
    return [
        ok("config", str(path)),
        *check_files(config, path),
        *check_secrets(config),
        *check_certificates(config, now=clock()),
        *await check_store(config, clock=clock),
        *check_policies(config),
        *check_recording(config),
        *check_row_walk(config),
        *await check_targets(config),
        *await check_rights(config),
        *await check_public_url(config, transport=transport),
        check_steady_clock(clock() - began[0], monotonic() - began[1]),
    ]

"""Opens the native doors that the configuration names, and closes them."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from backends.door import Front
from server.config import Config, NativeListener, SshListener
from server.identity.resource import SCOPE
from server.identity.tokens import Verifier
from server.listeners.native.certificates import Certificates
from server.listeners.native.listener import NativeListener as Listener
from server.native.hostkeys import host_keys
from server.native.reception import Doorkeeper, salt_key
from server.native.watch import StayLimits, Visits
from server.pipeline import Pipeline
from server.store.engine import Store

GRACE_SECONDS = 30.0
STOPPING = "this gateway is stopping; connect again in a moment"


@asynccontextmanager
async def open_doors(
    config: Config, *, store: Store, tokens: Verifier, pipeline: Pipeline, clock: Callable[[], float]
) -> AsyncIterator[tuple[Listener, ...]]:
    """The open listeners. Raises OSError when an address cannot be bound, or a certificate not be read."""
    opened: list[tuple[Listener, Visits]] = []
    watching: list[asyncio.Task[None]] = []
    try:
        for front, settings in wanted(config, pipeline):
            limits = StayLimits(settings.session_seconds, settings.idle_seconds, settings.max_sessions_each)
            visits = Visits(store, limits=limits)
            reception = Doorkeeper(
                protocol=front.protocol, store=store, tokens=tokens, pipeline=pipeline,
                discovery_url=f"{config.server.public_url}/.well-known/oauth-authorization-server", scope=SCOPE,
                admit=visits.admit, full=visits.full, new_id=_connection_ids(), clock=clock,
                salt_key=await salt_key(store),
            )  # fmt: skip
            listener = _listener(front, reception, settings, state=config.state_dir)
            await listener.open()
            opened.append((listener, visits))
            watching.append(asyncio.create_task(visits.run()))
        yield tuple(listener for listener, _ in opened)
    finally:
        pipeline.draining = True
        for listener, visits in opened:
            listener.refuse()
            await visits.drain(STOPPING, seconds=GRACE_SECONDS)
            await listener.close()
        for task in watching:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def wanted(config: Config, pipeline: Pipeline) -> list[tuple[Front, NativeListener | SshListener]]:
    """Each door that is configured, with the protocol that it speaks."""
    configured = {name: value for name, value in config.listeners if value is not None}
    fronts = [backend.front for backend in pipeline.judge.upstreams.backends if backend.front is not None]
    return [(front, configured[front.protocol]) for front in fronts if front.protocol in configured]


def _listener(front: Front, reception: Doorkeeper, settings: NativeListener | SshListener, *, state: Path) -> Listener:
    if isinstance(settings, SshListener):
        keys = host_keys(settings.host_keys, state)
        front = replace(front, open=partial(front.open, host_keys=keys))
        return Listener(
            front,
            reception,
            host=settings.host,
            port=settings.port,
            certificates=None,
            plain=True,
            max_connections=settings.max_connections,
            max_pending=settings.max_pending,
            login_seconds=settings.login_seconds,
        )
    certificates = None
    if settings.tls_certificate is not None and settings.tls_key is not None:
        certificates = Certificates(
            settings.tls_certificate, settings.tls_key, client_authority=settings.client_authority, alpn=front.alpn
        )
    return Listener(
        front,
        reception,
        host=settings.host,
        port=settings.port,
        certificates=certificates,
        plain=settings.plain == "anywhere",
        max_connections=settings.max_connections,
        max_pending=settings.max_pending,
        login_seconds=settings.login_seconds,
    )


def _connection_ids() -> Callable[[], str]:
    process, count = uuid.uuid4().hex[:24], itertools.count(1)
    return lambda: f"cn_{process}{next(count):08x}"

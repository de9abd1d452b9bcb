"""`warded serve`: a composed gateway behind uvicorn, and a stop that loses nothing."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Callable

import structlog
import uvicorn
import uvloop

from backends import row_walk
from server.app import Gateway, compose
from server.config import Config
from server.identity.bootstrap import needs_owner, new_code

log = structlog.get_logger("warded")

GRACE_SECONDS = 30


class Serving(uvicorn.Server):
    """uvicorn's server, which first tells the pipeline that no new work is taken."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: object = None) -> None:
        self._gateway.pipeline.draining = True
        log.info("stopping", grace_seconds=GRACE_SECONDS)
        await super().shutdown(sockets)  # type: ignore[arg-type]


def serve(config: Config, *, announce: Callable[[str], None] = print) -> None:
    """Run until SIGINT or SIGTERM. Running work gets 30 s, then is cancelled, and recorded as cancelled."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, announce))


async def _serve(config: Config, announce: Callable[[str], None]) -> None:
    async with compose(config) as gateway:
        if await needs_owner(gateway.store):
            code = await new_code(gateway.store)
            announce(f"First start: open {config.server.public_url}/setup and enter the code {code}")
        if config.listeners.postgres is not None:
            log.info("rows of the native door are rewritten", walk=row_walk())
        _settle_garbage()
        await Serving(uvicorn_options(config, gateway), gateway).serve()


def _settle_garbage() -> None:
    """What is loaded by now stays for good; and a call makes some thousand short-lived containers, so looking for
    cycles after every 700 would cost it several passes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def uvicorn_options(config: Config, gateway: Gateway) -> uvicorn.Config:
    """Bounds of the HTTP server: no WebSockets, no header that names software, 30 s to finish on stop."""
    server = config.server
    return uvicorn.Config(
        gateway.app,
        host=server.host,
        port=server.port,
        ws="none",
        http="httptools",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=server.tls_certificate,
        ssl_keyfile=server.tls_key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )

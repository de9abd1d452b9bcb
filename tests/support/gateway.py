"""A whole gateway on loopback for tests: real PostgreSQL behind it, uvicorn in front, everything in between ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from server.app import Gateway, compose
from server.config import Config
from server.identity.logins import mint_person_token, new_login
from server.identity.resource import SCOPE
from server.store.models import User
from server.upstreams import NOTHING_KNOWN
from tests.support.servers.postgres import Server

AGENT = "test-agent"

SHOP = """
CREATE SCHEMA shop;
CREATE TABLE shop.customers (
    id int PRIMARY KEY, full_name text, email text, phone text, card_number text, country text, loyalty_points int
);
INSERT INTO shop.customers
SELECT n, (ARRAY['Anna Berg', 'Marco Rossi', 'Zofia Nowak', 'Lena Vogel'])[1 + n % 4],
       'person' || n || '@example.org', '+1 212 555 ' || lpad(n::text, 4, '0'),
       '4242424242424242', (ARRAY['DE', 'IT', 'PL'])[1 + n % 3], n * 10
FROM generate_series(1, 200) AS n;
CREATE TABLE shop.orders (
    id int PRIMARY KEY, customer_id int REFERENCES shop.customers, status text, total numeric(10,2)
);
INSERT INTO shop.orders
SELECT n, 1 + n % 200, 'paid', n * 1.25 FROM generate_series(1, 500) AS n;
CREATE VIEW shop.contacts AS SELECT id, email AS reach_at, upper(full_name) AS shouted FROM shop.customers;
ANALYZE;
"""

POLICY = """
@id("developers-reach-the-shop")
@reason("Developers work with the shop's data.")
permit (
    principal in Group::"developers",
    action in [Action::"connect", Action::"read", Action::"write", Action::"define", Action::"run"],
    resource
);
"""

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "dana": ("developers",),
    "lee": ("developers", "leads"),
    "ada": ("auditors",),
    "nobody": (),
}


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers at `url`, and ways to be somebody."""

    url: str
    gateway: Gateway

    @property
    def mcp_url(self) -> str:
        return f"{self.url}/mcp"

    async def agent_token(
        self, user: str = "dana", *, audience: str = "", seconds: float = 600, scope: str = SCOPE
    ) -> str:
        """A token of an agent that acts for `user`."""
        now = self.gateway.clock()
        login = new_login(user, resource=self.mcp_url, now=now, client_id=AGENT, client_name="Tester")
        login_id = login.id
        async with self.gateway.store.session() as session:
            session.add(login)
        return self.gateway.tokens.mint(
            user,
            login_id,
            audience=audience or self.mcp_url,
            seconds=seconds,
            client_id=AGENT,
            client_name="Tester",
            scope=scope,
        )

    async def person_token(self, user: str) -> str:
        """A person's own token for the REST API."""
        audience = self.gateway.config.api_url
        return await mint_person_token(self.gateway.store, self.gateway.tokens, user, audience=audience, seconds=600)


def shop_config(folder: Path, server: Server, *, port: int, store_url: str, database: str, **sections: Any) -> Config:
    """A configuration with one resource, `shop`, tagged as production; people in `leads` approve."""
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "people.cedar").write_text(POLICY)
    secret = folder / "upstream-password"
    secret.write_text(server.password)
    secret.chmod(0o600)
    document = {
        "state_dir": folder / "state",
        "server": {"public_url": f"http://127.0.0.1:{port}", "port": port},
        "store": {"url": store_url},
        "policy": {"folder": policies},
        "limits": {"approval_wait_seconds": 5, **sections.pop("limits", {})},
        "resources": {
            "shop": {
                "kind": "postgres",
                "address": server.address(database),
                "description": "The shop's production database.",
                "tags": {"env": "prod", "approvers": "leads"},
                "logins": [{"user": server.superuser, "password": f"file:{secret}"}],
            }
        },
        **sections,
    }
    return Config.model_validate(document)


@asynccontextmanager
async def running_gateway(config: Config) -> AsyncIterator[Running]:
    """Compose a gateway, add the people, scan its resources, serve it on the configured port."""
    async with compose(config) as gateway:
        await _add_people(gateway)
        await _scanned(gateway)
        options = uvicorn.Config(gateway.app, host="127.0.0.1", port=config.server.port, log_config=None, ws="none")
        server = uvicorn.Server(options)
        task = asyncio.create_task(server.serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
                if task.done():
                    task.result()
                    raise RuntimeError("the gateway did not start")
            yield Running(config.server.public_url, gateway)
        finally:
            server.should_exit = True
            await task


async def _add_people(gateway: Gateway) -> None:
    """Accounts without passwords: hashing them would cost more than most tests. Tokens are minted for them."""
    async with gateway.store.session() as session:
        now = gateway.clock()
        session.add_all(User(name=name, groups=list(groups), created_at=now) for name, groups in PEOPLE.items())


async def _scanned(gateway: Gateway) -> None:
    """Wait for the scan that a new gateway begins with."""
    for _ in range(600):
        if all(gateway.keeper.labels.get(name) is not NOTHING_KNOWN for name in gateway.resources):
            return
        await asyncio.sleep(0.02)
    raise RuntimeError("the first catalog scan did not finish")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""The API over a real store, recorder, rules and tokens, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backends.base import Backend, Verb
from catalog.maskkey import Keyed, MaskKey
from catalog.model import Login, Resource
from policy.model import Action, Agent, Allow, Hold, Identity, Operation, Query
from server.api import api_router
from server.approvals.requests import Approvals
from server.identity.keys import load_keys
from server.identity.logins import mint_person_token, new_login
from server.identity.tokens import AccessTokens, Verifier
from server.identity.users import add_user
from server.judging import Judge
from server.offers import Offers, Unpinned
from server.pins import Pins
from server.pins.states import Rules
from server.policies import PolicySource
from server.recording.recorder import Recorder
from server.store.engine import Store
from server.store.models import Request
from server.upstreams import LabelBook, Upstreams

URL = "http://127.0.0.1:8080"
AUDIENCE = f"{URL}/api/v1"
PEOPLE = {
    "dana": ("developers",),
    "lee": ("developers", "leads"),
    "sam": ("dba", "leads"),
    "ada": ("auditors",),
    "max": (),
}
RULES = """
@id("developers-read-the-shop")
@reason("Developers work with the shop's data.")
permit (principal in Group::"developers", action in [Action::"connect", Action::"read"], resource == Resource::"shop");
"""


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 0.001  # so that what comes later is newer
        return self.now


@dataclass
class Api:
    """The API, and ways to be somebody."""

    app: FastAPI
    store: Store
    tokens: AccessTokens
    approvals: Approvals
    recorder: Recorder
    policies: PolicySource
    clock: Clock

    async def token(self, user: str) -> str:
        return await mint_person_token(self.store, self.tokens, user, audience=AUDIENCE, seconds=600, clock=self.clock)

    async def agent_token(self, user: str = "lee", *, audience: str = AUDIENCE) -> str:
        """A token as an agent would get it, were it ever given the API's audience."""
        login = new_login(user, resource=audience, now=self.clock(), client_id="bot", client_name="Bot")
        login_id = login.id
        async with self.store.session() as session:
            session.add(login)
        return self.tokens.mint(user, login_id, audience=audience, seconds=600, client_id="bot", client_name="Bot")

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL, headers=headers)

    async def as_(self, user: str) -> httpx.AsyncClient:
        return self.client(await self.token(user))

    async def hold(
        self, user: str = "dana", *approvers: str, text: str = "UPDATE orders SET status = 'x' WHERE id = 7"
    ) -> Request:
        """Something of an agent of `user` that waits for people."""
        operation = Operation("postgres", "sql_query", text, actions=frozenset({Action.WRITE}))
        identity = Identity(user, f"session-{user}", frozenset(PEOPLE[user]), agent=Agent("bot", "Bot"))
        return await self.approvals.open(
            Query(identity, SHOP, operation),
            Hold(Allow(), frozenset(approvers or ("leads",)), within=3600),
            login=SHOP.logins[0],
            digest=operation.digest,
            policy_version=self.policies.current.version,
        )


SHOP = Resource(
    "shop",
    "postgres",
    "postgres://db/shop",
    tags=MappingProxyType({"env": "prod"}),
    logins=(Login("writer"),),
    description="The shop.",
)
HIDDEN = Resource("hr", "postgres", "postgres://db/hr", logins=(Login("writer"),))


def _nothing(*_arguments: Any) -> Any:
    raise AssertionError("the API asks no target")


@pytest.fixture
async def api(store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    clock = Clock()
    for name, groups in PEOPLE.items():
        await add_user(store, name, groups=groups, clock=clock)
    keys = await load_keys(store, clock=clock)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "shop.cedar").write_text(RULES)
    policies, approvals = PolicySource(tmp_path / "rules", ()), Approvals(store, clock=clock)
    recorder = Recorder(tmp_path / "records", store, min_free_bytes=0, clock=clock)
    await recorder.start()
    verb = Verb("sql_query", "Query", "Runs SQL.", input_schema={}, output_schema={}, hints={})
    backend = Backend("postgres", "PostgreSQL", (verb,), parse=_nothing, preview=_nothing, open=_nothing)
    resources, upstreams = {"shop": SHOP, "hr": HIDDEN}, Upstreams((backend,), secrets=_nothing)
    judge = Judge(
        resources=resources,
        upstreams=upstreams,
        offers=Offers(upstreams, resources, Unpinned()),
        labels=LabelBook(on_unscanned=_nothing),
        policies=policies,
        clock=clock,
        marks=Keyed(MaskKey("test", bytes(32))),
    )
    verifier = Verifier(keys, store, issuer=URL, audience=AUDIENCE, clock=clock)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(
        api_router(
            approvals=approvals,
            recorder=recorder,
            store=store,
            policies=policies,
            verifier=verifier,
            judge=judge,
            pins=Pins(store, rules=Rules(), clock=clock, recorder=recorder),
        )
    )
    tokens = AccessTokens(keys, issuer=URL, clock=clock)
    yield Api(app, store, tokens, approvals=approvals, recorder=recorder, policies=policies, clock=clock)
    await recorder.close()

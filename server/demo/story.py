"""The story of an agent at work, from sign-in to the verified record, told while it happens."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from server.demo.acts import (
    Scene,
    delete_everything,
    look_around,
    read_customers,
    read_look_alikes,
    read_payments,
    read_the_record,
    ship_an_order,
    verify_the_record,
)
from server.demo.agent import AGENT_NAME, REDIRECT_URI, connect
from server.demo.browser import Browser
from server.demo.database import Database
from server.demo.files import ADA, DANA, LEE
from server.demo.person import Person
from server.demo.preparing import Installation
from server.demo.telling import Teller


async def play(tell: Teller, *, installation: Installation, database: Database) -> None:
    """Play every act. What does not hold is in `tell.failures`."""
    config = installation.config
    async with AsyncExitStack() as stack:
        tell.act(
            "An agent logs in",
            f"{DANA.display_name} adds Warded to her agent. It registers itself; she signs in and approves.",
        )
        browser = Browser(name=DANA.name, password=installation.passwords[DANA.name])
        agent = await stack.enter_async_context(connect(config.mcp_url, browser))
        tokens = agent.wallet.tokens
        host = REDIRECT_URI.split("/")[2]
        tell.facts(
            [("client", f"[bold]{AGENT_NAME}[/], registered by itself"), ("pages", " → ".join([*browser.pages, host]))]
        )
        tell.check("OAuth 2.1: code with PKCE, consent given by a person", browser.pages == ["/login", "/consent"])
        tell.check(
            "a short-lived token with a refresh token", bool(tokens and tokens.expires_in and tokens.refresh_token)
        )
        people = [
            await stack.enter_async_context(Person(name, api_url=config.api_url, token=token))
            for name, token in (
                ("the agent's token", tokens.access_token if tokens else ""),
                (LEE.name, installation.lee_token),
                (ADA.name, installation.ada_token),
            )
        ]
        impostor, lee, ada = people
        await _acts(Scene(agent, impostor, lee, ada, database, config.records_dir, tell))


async def _acts(scene: Scene) -> None:
    tell = scene.tell
    tell.act("It looks around")
    await look_around(scene)
    tell.act("It reads", "Policy lets Dana read the shop. What is personal or secret comes back masked:", pictured=True)
    await read_customers(scene)
    await read_payments(scene)
    await read_look_alikes(scene)
    tell.act("It makes a mistake", pictured=True)
    await delete_everything(scene)
    tell.act("It changes production, with a second person's word", pictured=True)
    await ship_an_order(scene)
    tell.act("The record", f"{ADA.display_name}, the auditor, reads what was kept:")
    session = await read_the_record(scene)
    tell.act("Proof that nobody touched it")
    await verify_the_record(scene, session)


def save_picture(console: Console, path: Path) -> None:
    """What the console recorded, as an SVG that loads nothing from elsewhere: the reader's own font does."""
    svg = console.export_svg(title="make demo")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL), encoding="utf-8")

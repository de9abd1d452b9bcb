"""Everything before the gateway starts: rows, roles, files, accounts, the first catalog scan.

All of it is kept, so a second run only looks.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from backends import load_backends
from server.config import Config
from server.config_file import load_config
from server.demo.database import Database
from server.demo.files import (
    ADA,
    LEE,
    PEOPLE,
    RESOURCE,
    Folder,
    account_passwords,
    role_passwords,
    write_config,
    write_policies,
)
from server.demo.loading import ROLES, is_loaded, load, reset_story, set_roles
from server.identity.bootstrap import new_code
from server.identity.keys import load_keys
from server.identity.logins import mint_person_token
from server.identity.tokens import AccessTokens
from server.identity.users import add_user, authenticate, get_user, set_groups, set_password
from server.inventory import resources_of
from server.scanning import load_labels, scan_resource
from server.secrets import exposed
from server.store.engine import Store, open_store
from server.store.models import CatalogColumn
from server.upstreams import NOTHING_KNOWN, Upstreams

TOKEN_SECONDS = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Installation:
    """What the story and the closing words need to know. `loaded` = rows written in this run, 0 = they were there."""

    config: Config
    passwords: dict[str, str]
    code: str
    lee_token: str
    ada_token: str
    loaded: int
    labelled: dict[str, int]


async def prepare(folder: Folder, database: Database, *, port: int) -> Installation:
    """Bring database, files and store to where the story starts."""
    loaded = 0 if await is_loaded(database) else await load(database)
    await set_roles(database, role_passwords(folder, ROLES))
    await reset_story(database)
    write_policies(folder)
    write_config(folder, database, port=port)
    config = load_config(folder.config)
    store = await open_store(config.store_url)
    try:
        labelled = await _scan(store, config, anew=bool(loaded))
        passwords = account_passwords(folder)
        await _accounts(store, passwords)
        tokens = AccessTokens(await load_keys(store), issuer=config.server.public_url)
        lee, ada = [
            await mint_person_token(store, tokens, person.name, audience=config.api_url, seconds=TOKEN_SECONDS)
            for person in (LEE, ADA)
        ]
        code = await new_code(store)
    finally:
        await store.close()
    return Installation(config, passwords, code, lee, ada, loaded, labelled)


async def _accounts(store: Store, passwords: dict[str, str]) -> None:
    """The demo's people; whoever is there already gets the printed password and groups again."""
    for person in PEOPLE:
        if await get_user(store, person.name) is None:
            await add_user(
                store,
                person.name,
                password=passwords[person.name],
                groups=person.groups,
                display_name=person.display_name,
                email=f"{person.name}@shop.example",
                clock=time.time,
            )
        else:
            if await authenticate(store, person.name, passwords[person.name]) is None:
                await set_password(store, person.name, passwords[person.name])
            await set_groups(store, person.name, person.groups)


async def _scan(store: Store, config: Config, *, anew: bool) -> dict[str, int]:
    """Look at every column once, so that the story need not wait for the gateway's own scan; counts by label."""
    labels = await load_labels(store, RESOURCE)
    if anew or labels.version == NOTHING_KNOWN.version:
        upstreams = Upstreams(load_backends(), secrets=exposed)
        try:
            upstream = upstreams.get(resources_of(config)[RESOURCE])
            await scan_resource(store, RESOURCE, upstream, clock=time.time)
        finally:
            await upstreams.close()
    return await _labelled(store)


async def _labelled(store: Store) -> dict[str, int]:
    """How many columns carry each label."""
    query = select(CatalogColumn.label).where(CatalogColumn.resource == RESOURCE, CatalogColumn.label != "")
    async with store.session(read_only=True) as session:
        return dict(Counter((await session.scalars(query)).all()).most_common())

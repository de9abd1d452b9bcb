"""Proves that masks hold: reads sensitive values back through every door and says which label leaks where.

With `plant` the values are canaries in a scratch schema; without, samples of columns that the catalog labels.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from backends import load_backends
from backends.base import Upstream
from backends.errors import UpstreamError
from catalog.model import Resource
from server.catalog.listing import Filter, list_entries
from server.catalog.loading import load_labels
from server.catalog.places import Path
from server.catalog.saving import vanish_tables
from server.config import Config
from server.doctor.canaries import TABLE, Planted, planted
from server.doctor.doors import Door, NotRead, doors_of
from server.doctor.line import Line, fail, ok, warn
from server.identity.users import get_user
from server.inventory import resources_of
from server.scanning import scan_resource
from server.secrets import SecretUnavailable, exposed
from server.store.engine import Store, StoreUnavailable, open_store

ROWS = 50
COLUMNS_A_LABEL = 3
NOTICED = 3.0
"""Seconds in which a running gateway has seen new labels."""
SHORTEST = 4
"""Characters from which a value found again proves something: short ones repeat by chance."""

Seen = Mapping[Path, tuple[str, frozenset[str]]]
"""Column → its label and true values."""


async def check_masking(
    config: Config, name: str, user: str, *, plant: bool, clock: Callable[[], float] = time.time
) -> list[Line]:
    """One line a door and label. `user` is the person as whom (and as whose agent) is read."""
    check, resource = f"masking {name}", resources_of(config).get(name)
    if resource is None:
        return [fail(check, "there is no such resource", "`warded resources list` shows all.")]
    try:
        store = await open_store(config.store_url, password=exposed(config.store.password), migrate=False)
    except (StoreUnavailable, SecretUnavailable) as error:
        return [fail(check, str(error), error.remedy)]
    upstream = _open(resource)
    try:
        account = await get_user(store, user)
        if account is None or account.disabled_at is not None:
            return [fail(check, f"there is no account {user}, or it is disabled", "`warded user list` shows all.")]
        doors = await doors_of(config, store, user, now=clock())
        if plant:
            return await _with_canaries(store, resource, upstream, doors)
        return await _with_samples(store, resource, upstream, doors)
    except (StoreUnavailable, UpstreamError) as error:
        return [fail(check, str(error), error.remedy)]
    finally:
        await upstream.close()
        await store.close()


def _open(resource: Resource) -> Upstream:
    return next(each for each in load_backends() if each.name == resource.kind).open(resource, exposed)


async def _with_canaries(store: Store, resource: Resource, upstream: Upstream, doors: Sequence[Door]) -> list[Line]:
    check = f"masking {resource.name}"
    try:
        async with planted(resource) as made:
            try:
                table = frozenset({(made.schema, TABLE)})
                await scan_resource(store, resource.name, upstream, tables=table)
                await asyncio.sleep(NOTICED)
                return await _read_back(resource, doors, _canaries(made))
            finally:
                await vanish_tables(store, resource.name, [(made.schema, TABLE)], now=time.time())
    except (StoreUnavailable, UpstreamError):
        raise
    except Exception as error:  # noqa: BLE001 - the driver's errors are many; none of them is a proof
        words = f"no canaries could be planted: {type(error).__name__}"
        return [fail(check, words, "Let the scanner's account create a schema, or leave out --plant.")]


def _canaries(made: Planted) -> Seen:
    return {
        (made.schema, TABLE, name): (canary.label.value, frozenset(canary.values))
        for name, canary in made.columns.items()
    }


async def _with_samples(store: Store, resource: Resource, upstream: Upstream, doors: Sequence[Door]) -> list[Line]:
    check = f"masking {resource.name}"
    labels = await load_labels(store, resource.name)
    if labels.is_empty():
        return [warn(check, "never scanned, so all of it is masked", f"warded catalog scan {resource.name}")]
    chosen = await _labelled(store, resource.name)
    if not chosen:
        words = "no column carries a label: masks are on and hide nothing"
        return [fail(check, words, f"Look at `warded catalog list -r {resource.name}`; pin what is sensitive.")]
    seen: dict[Path, tuple[str, frozenset[str]]] = {}
    tables = {path[:2] for path in chosen}
    async for column in upstream.scan(sample=ROWS, wanted=lambda schema, table: (schema, table) in tables):
        schema, table, name = column.locator.path
        if (schema, table, name) in chosen:
            seen[schema, table, name] = (chosen[schema, table, name], frozenset(column.values))
    return await _read_back(resource, doors, seen)


async def _labelled(store: Store, resource: str) -> dict[Path, str]:
    """A few columns of each label."""
    found: dict[str, list[Path]] = defaultdict(list)
    for entry in await list_entries(store, Filter({resource}, state="labelled"), limit=10_000):
        if len(found[entry.label]) < COLUMNS_A_LABEL:
            found[entry.label].append(entry.path)
    return {path: label for label, paths in found.items() for path in paths}


async def _read_back(resource: Resource, doors: Sequence[Door], seen: Seen) -> list[Line]:
    """A door through which nothing could be read proves nothing, and that is a failure."""
    lines: list[Line] = []
    for door in doors:
        check, hidden, refused, leaking = f"masking {resource.name} over {door.name}", set[str](), list[str](), False
        for path, (label, values) in sorted(seen.items()):
            place = ".".join(path)
            try:
                cells = await door.read(resource.name, _statement(path))
            except NotRead as error:
                refused.append(f"{place}: {error}")
                continue
            if leaked := _leaked(cells, values):
                words = f"{label} leaks in {place}: {leaked} of {len(cells)} rows came in clear"
                lines.append(fail(check, words, f"`warded catalog why {resource.name} {place}` says more."))
                leaking = True
            else:
                hidden.add(label)
        lines += [warn(check, f"not read, {words}", "Read it as somebody who may: --user.") for words in refused]
        if hidden:
            lines.append(ok(check, f"hidden: {' '.join(sorted(hidden))}"))
        elif not leaking:
            lines.append(fail(check, "nothing could be read, so nothing is proven", "Name another --user."))
    return lines


def _statement(path: Path) -> str:
    schema, table, column = ('"' + part.replace('"', '""') + '"' for part in path)
    return f"SELECT {column} FROM {schema}.{table} LIMIT {ROWS}"


def _leaked(cells: Sequence[Sequence[str | None]], values: frozenset[str]) -> int:
    """Rows in which a true value came back."""
    long = {value for value in values if len(value) >= SHORTEST}
    return sum(1 for row in cells if row and row[0] is not None and row[0] in long)

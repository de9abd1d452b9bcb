"""warded catalog scan: look at a resource now, with a bar that shows how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import CommandFailed, ConfigOption, JsonOption, command, load, with_store
from server.cli.terminal import note, print_json, visible

if TYPE_CHECKING:
    from catalog.model import Resource
    from server.config import Config
    from server.scanning import Progress, ScanSummary
    from server.store.engine import Store

LINES_EVERY = 25
"""Tables between two lines where there is no terminal."""


@command
def scan(
    resource: Annotated[str, typer.Argument(help="Name of the resource.")],
    sample: Annotated[int | None, typer.Option("--sample", min=10, max=10_000, help="Values a column at most.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Do not take up a scan that was interrupted.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Sample every column now and label what is sensitive. Sampled values are not kept.

    A scan that is interrupted is taken up by the next one. A gateway that runs sees the result within two seconds.

    \b
    Example:
      warded catalog scan shop
    """
    settings = load(config)
    target = named(settings, resource)
    values = sample or settings.catalog.sample

    async def work(store: Store) -> ScanSummary:
        with _shown(quiet=json) as progress:
            return await scan_now(store, target, sample=values, resume=not restart, progress=progress)

    summary = with_store(settings, work)
    if json:
        print_json(_plain(summary))
        return
    taken_up = f" {summary.skipped} tables had been done before." if summary.skipped else ""
    note(f"{summary.columns} columns looked at, {summary.labelled} labelled.{taken_up}")
    for change in summary.changes:
        note(f"{change.what}: {visible(change.place)} {change.before or 'clear'} -> {change.after or 'clear'}")
    if summary.columns and not summary.labelled and not summary.skipped:
        note("No column looks sensitive: nothing of this resource is masked.")


async def scan_now(
    store: Store,
    resource: Resource,
    *,
    sample: int,
    resume: bool,
    progress: Callable[[Progress], None] | None = None,
) -> ScanSummary:
    """Open the resource, scan it, close it."""
    import time

    from backends import load_backends
    from server.scanning import scan_resource
    from server.secrets import exposed

    backend = next((each for each in load_backends() if each.name == resource.kind), None)
    if backend is None:
        raise CommandFailed(f"no backend speaks {resource.kind}", "Correct its kind in the configuration.")
    upstream = backend.open(resource, exposed)
    try:
        return await scan_resource(
            store, resource.name, upstream, sample=sample, resume=resume, progress=progress, clock=time.time
        )
    finally:
        await upstream.close()


def named(settings: Config, name: str) -> Resource:
    """Raises CommandFailed."""
    from server.inventory import resources_of

    resource = resources_of(settings).get(name)
    if resource is None:
        raise CommandFailed(f"there is no resource {name}", "`warded resources list` shows all.")
    return resource


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    if quiet:
        yield None
    elif not sys.stderr.isatty():
        yield _line
    else:
        with _bar() as update:
            yield update


def _line(progress: Progress) -> None:
    if progress.done % LINES_EVERY == 0 or progress.done == progress.total:
        note(f"{progress.done} of {progress.total} tables: {visible(progress.table)}")


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    words = TextColumn("{task.description}")
    with Bar(words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("", total=None)

        def update(progress: Progress) -> None:
            bar.update(task, total=progress.total, completed=progress.done, description=escape(visible(progress.table)))

        yield update


def _plain(summary: ScanSummary) -> dict[str, object]:
    return {
        "resource": summary.resource,
        "tables": summary.tables,
        "columns": summary.columns,
        "labelled": summary.labelled,
        "vanished": summary.vanished,
        "skipped": summary.skipped,
        "changes": [
            {"what": each.what, "place": each.place, "before": each.before, "after": each.after}
            for each in summary.changes
        ],
    }

"""warded policy replay and diff: what other rules would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import ConfigOption, JsonOption, command, load, with_store
from server.cli.policy_rules import engine_of, since_seconds
from server.cli.terminal import note, print_json, visible

if TYPE_CHECKING:
    from policy.diff import Group
    from policy.engine import Engine
    from server.config import Config
    from server.history import History

SHOWN = 5  # things asked that a group lists

Since = Annotated[str, typer.Option("--since", help="7d, 12h, 30m or a time such as 2026-03-01T00:00:00Z.")]


@command
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of the draft.")],
    since: Since = "7d",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a draft of the rules about the recorded calls, and show what it would decide differently from the rules that
    are configured now. Nothing runs.

    \b
    Example:
      warded policy replay ./draft --since 14d
    """
    from policy.diff import changes, grouped

    settings = load(config)
    before, after = engine_of(settings, None), engine_of(settings, folder)
    history = _history(settings, since_seconds(since))
    found = grouped(changes(before, after, history.questions))
    if json:
        print_json(
            {
                "calls": len(history.questions),
                "skipped": history.skipped,
                "damaged": history.damaged,
                **_plain(before, after, found),
            }
        )
        return
    _show(found)
    _sum(f"{len(history.questions)} recorded calls", found)
    _warn(history)


@command
def diff(
    old: Annotated[Path, typer.Argument(help="Folder of the old rules.")],
    new: Annotated[Path, typer.Argument(help="Folder of the new rules.")],
    since: Since = "7d",
    history: Annotated[bool, typer.Option(help="Ask about the recorded calls as well.")] = True,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two folders of rules by what they decide: who gains, who loses what.

    Both are asked about a grid of facts (every group that a rule names, agent and person, every configured resource,
    every kind of operation, every label that a rule names) and about the recorded calls.

    \b
    Example:
      warded policy diff ./policies ./draft
    """
    from policy.diff import changes, grid, grouped
    from server.inventory import resources_of

    settings = load(config)
    before, after = engine_of(settings, old), engine_of(settings, new)
    resources = list(resources_of(settings).values())
    asked = list(grid((before.document, after.document), resources))
    by_facts = grouped(changes(before, after, asked))
    past = _history(settings, since_seconds(since)) if history else None
    by_history = grouped(changes(before, after, past.questions)) if past else []
    if json:
        told = {"questions": len(asked), **_plain(before, after, by_facts)}
        print_json({"grid": told, "history": _plain(before, after, by_history) if past else None})
        return
    _show(by_facts)
    _sum(f"{len(asked)} questions", by_facts)
    if past:
        _show(by_history)
        _sum(f"{len(past.questions)} recorded calls", by_history)
        _warn(past)


def _history(settings: Config, since: float) -> History:
    from server.history import recorded
    from server.inventory import resources_of

    resources = resources_of(settings)
    return with_store(settings, lambda store: recorded(store, settings.records_dir, resources, since=since))


def _plain(before: Engine, after: Engine, found: Sequence[Group]) -> dict[str, object]:
    changes = [{**asdict(group), "whats": list(group.whats), "rules": list(group.rules)} for group in found]
    return {"before": before.version, "after": after.version, "changes": changes}


def _show(found: Sequence[Group]) -> None:
    for group in found:
        print(f"{group.direction:<8} {visible(group.who)} on {visible(group.where)}: {group.before} → {group.after}")
        if group.rules:
            print(f"         rules: {visible(', '.join(group.rules))}")
        for what in group.whats[:SHOWN]:
            print(f"         {visible(what)}")
        if len(group.whats) > SHOWN:
            print(f"         and {len(group.whats) - SHOWN} more")


def _sum(asked: str, found: Sequence[Group]) -> None:
    counts = {word: sum(g.times for g in found if g.direction == word) for word in ("gains", "differs", "loses")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    print(f"{asked}: {told or 'nothing would change'}")


def _warn(history: History) -> None:
    if history.skipped:
        note(f"{history.skipped} calls to resources that are no longer configured were left out.")
    for name in history.damaged:
        note(f"{name} is damaged: only what comes before the damage was asked. See `warded sessions verify`.")

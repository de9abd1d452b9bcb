"""warded budgets: what is used of the ceilings of rules. Read from the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from server.cli.command import ConfigOption, JsonOption, command, load, with_store
from server.cli.policy_rules import engine_of
from server.cli.terminal import print_json, print_table, when


@command
def budgets(
    user: Annotated[str, typer.Option("--user", "-u", help="Only this person's.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """What is used of ceilings, by rule, person, agent and period, newest first. Time is in milliseconds.

    \b
    Example:
      warded budgets --user ada
    """
    from server.budgets.reading import used

    settings = load(config)
    found = with_store(settings, lambda store: used(store, user=user, limit=limit))
    document = engine_of(settings, None).document
    if json:
        print_json([{**asdict(each), "ceiling": each.ceiling(document)} for each in found])
        return
    columns = ("Rule", "User", "Agent", "Period", "Measure", "Used", "Ceiling", "Last change")
    rows = [
        (c.rule, c.user, c.client_id, c.period, c.measure, c.taken, c.ceiling(document), when(c.updated_at))
        for c in found
    ]
    print_table(columns, rows)

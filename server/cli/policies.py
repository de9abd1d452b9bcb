"""warded policy: the rules in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.cli import policy_cases, policy_compare, policy_decide, policy_explain
from server.cli.command import CHECK_FAILED, ConfigOption, JsonOption, command, group, load
from server.cli.terminal import print_json, visible

app = group("policy", "Rules.")


@app.command()
@command
def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of .cedar files instead of the configured one.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Load the rules as the gateway would and report what is wrong: errors, and as warnings rules that can never fire,
    that another rule covers, or that a forbid always beats. Exits 1 on an error; warnings alone do not.

    \b
    Example:
      warded policy check ./policies
    """
    from policy.check import Known, check_folder
    from policy.document import load_document

    configured = load(config)
    settings = configured.policy
    where = folder or settings.folder
    groups = frozenset(group for each in configured.resources.values() for group in each.groups)
    problems = check_folder(where, settings.packs, Known(frozenset(configured.resources), groups))
    failed = any(problem.level == "error" for problem in problems)
    document = None if failed else load_document(where, settings.packs, time_zone=settings.time_zone)
    if json:
        names = ("level", "file", "line", "rule", "message", "nearest")
        print_json(
            {
                "ok": not failed,
                "version": document.version if document else None,
                "rules": len(document.policies) if document else None,
                "packs": [{"pack": each.pack, "tags": each.tags, "mode": each.mode} for each in settings.packs],
                "problems": [{name: getattr(problem, name) for name in names} for problem in problems],
            }
        )
    else:
        for problem in problems:
            print(f"{problem.level}: {visible(problem)}")
        if document:
            print(f"{len(document.policies)} rules, version {document.version}")
    if failed:
        raise typer.Exit(CHECK_FAILED)


app.command()(policy_explain.explain)
app.command("test")(policy_cases.try_cases)
app.command()(policy_compare.replay)
app.command()(policy_compare.diff)
app.command()(policy_decide.decide)

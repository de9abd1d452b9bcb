"""warded policy test: the cases beside the policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import CHECK_FAILED, CommandFailed, ConfigOption, JsonOption, command, load
from server.cli.policy_rules import FolderArgument, engine_of, parse_text
from server.cli.terminal import print_json, visible

if TYPE_CHECKING:
    from policy.testing import Result


@command
def try_cases(
    folder: FolderArgument = None,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Folder that holds tests/*.yaml. Default: the folder of the rules.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Try the cases in tests/*.yaml of the policy folder. Exits 1 when one comes out differently, or there is none.

    \b
    Example:
      warded policy test ./policies
    """
    from policy.testing import CasesUnreadable, read_cases, try_case
    from server.inventory import resources_of

    settings = load(config)
    where = cases or folder or settings.policy.folder
    if where is None:
        raise CommandFailed("there is no policy folder", "Name one, or set policy.folder.")
    engine = engine_of(settings, folder)
    try:
        found = read_cases(where)
    except CasesUnreadable as error:
        raise CommandFailed(str(error)) from None
    if not found:
        raise CommandFailed(f"there are no cases in {where / 'tests'}", "docs/policy.md shows how to write one.")
    resources = resources_of(settings)
    results = [try_case(case, engine, resources=resources, parse=parse_text) for case in found]
    failed = [result for result in results if not result.ok]
    if json:
        print_json({"ok": not failed, "version": engine.version, "cases": [_plain(result) for result in results]})
    else:
        for result in failed:
            _show(result)
        print(f"{len(results)} cases, {len(failed)} failed, version {engine.version}")
    if failed:
        raise typer.Exit(CHECK_FAILED)


def _plain(result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "file": case.file,
        "case": case.number,
        "name": case.name,
        "ok": result.ok,
        "problem": result.problem,
        "differences": [
            {"key": each.key, "expected": each.expected, "found": each.found} for each in result.differences
        ],
        "outcome": result.decision.get("outcome"),
    }


def _show(result: Result) -> None:
    case = result.case
    print(f"FAILED  {visible(case.file)}, case {case.number}: {visible(case.name)}")
    if result.problem:
        print(f"  {visible(result.problem)}")
    for each in result.differences:
        print(f"  {each.key}")
        print(f"    - {visible(each.expected)}")
        print(f"    + {visible(each.found)}")
    for reason in result.decision.get("reasons", ()):
        print(f"      {visible(reason['rule'] or 'no rule')}: {visible(reason['text'])}")

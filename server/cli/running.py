"""warded demo, serve, doctor, version."""

from __future__ import annotations

from typing import Annotated

import typer

from server.cli.command import CHECK_FAILED, USAGE, CommandFailed, ConfigOption, JsonOption, command, load
from server.cli.terminal import print_json


@command
def demo(
    check: Annotated[bool, typer.Option("--check", help="Play the story, check each step, and exit.")] = False,
    port: Annotated[int | None, typer.Option("--port", "-p", help="TCP port on 127.0.0.1. Default: 8080.")] = None,
) -> None:
    """Start a shop database behind Warded and play the story.

    \b
    Example:
      warded demo --port 8090
    """
    from server.demo import main

    raise typer.Exit(main(check=check, port=port))


@command
def serve(config: ConfigOption = None) -> None:
    """Run the gateway until it is told to stop.

    \b
    Example:
      warded serve --config /etc/warded/warded.yaml
    """
    settings = load(config)
    from server.logs import configure_logging
    from server.serving import serve

    configure_logging(settings.telemetry)
    serve(settings)


@command
def doctor(
    masking: Annotated[str, typer.Option("--masking", help="Prove that a resource's masks hold, on every door.")] = "",
    user: Annotated[str, typer.Option("--user", help="With --masking: the person as whom is read.")] = "",
    plant: Annotated[
        bool, typer.Option("--plant", help="With --masking: plant made-up values in a scratch schema, and drop it.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Check configuration, store, policies, targets, TLS, clocks, and what a client would meet.

    With --masking, read sensitive values back through every door that is open, and say which label leaks where.
    Exits 1 when a check failed; warnings alone do not.

    \b
    Example:
      warded doctor --json
      warded doctor --masking shop --user dana --plant
    """
    import asyncio

    from server.cli.report import print_report
    from server.config_file import config_path
    from server.doctor import examine

    if masking:
        if not user:
            raise CommandFailed("--masking reads as a person", "Name one with --user.", code=USAGE)
        from server.doctor.masking import check_masking

        lines = asyncio.run(check_masking(load(config), masking, user, plant=plant))
    else:
        lines = asyncio.run(examine(config_path(config)))
    print_report(lines, json=json)
    if any(line.status == "fail" for line in lines):
        raise typer.Exit(CHECK_FAILED)


@command
def version(json: JsonOption = False) -> None:
    """Print the version.

    \b
    Example:
      warded version
    """
    from importlib.metadata import version as installed

    found = installed("warded")
    print_json({"version": found}) if json else print(f"warded {found}")

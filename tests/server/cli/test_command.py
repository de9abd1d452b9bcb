"""What every command has in common: help, exit codes, one line for an error, and a quick start."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from server.cli.commands import app
from tests.server.cli.conftest import Warded

HEAVY = ("pydantic", "sqlalchemy", "fastapi", "starlette", "mcp", "rich", "httpx", "cedarpy", "asyncpg", "yaml")


def commands() -> list[list[str]]:
    """Every command as a person types it."""
    root = get_command(app)
    found: list[list[str]] = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [[name, each] for each in inner] if inner else [[name]]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(warded: Warded, words: list[str]) -> None:
    text = warded.ok(*words, "--help").stdout
    assert "Example" in text
    assert f"warded {' '.join(words)}" in text or "warded token" in text


def test_the_commands_are_those_that_are_promised() -> None:
    promised = """
        demo; serve; doctor; version
        user add; user list; user passwd; user groups; user disable
        token create; token list; token revoke
        requests list; requests show; requests approve; requests deny
        sessions list; sessions show; sessions verify
        policy check; resources list; resources show; resources scan; config schema; config show
    """
    assert {" ".join(words) for words in commands()} >= set(re.split(r"\s*[;\n]\s*", promised.strip()))


def test_help_loads_nothing_heavy() -> None:
    """The budget of 0.3 s, held by what is loaded and not by a stop-watch."""
    script = (
        "import sys\nfrom server.cli import main\nsys.argv = ['warded', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('LOADED', loaded)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "user" in run.stdout
    assert run.stdout.splitlines()[-1] == "LOADED []"


def test_the_program_runs_on_its_own(warded: Warded) -> None:
    command = [sys.executable, "-m", "server.cli", "config", "show", "-c", str(warded.config)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "shop:" in run.stdout


def test_an_error_in_the_configuration_is_told_without_a_traceback_and_exits_2(warded: Warded) -> None:
    warded.config.write_text("sever: 1\n")
    for words in (["user", "list"], ["config", "show"], ["policy", "check"], ["requests", "list", "--token", "x"]):
        result = warded(*words)
        assert result.exit_code == 2
        assert 'Did you mean "server"?' in result.stderr
        assert "Traceback" not in result.output
        assert result.stdout == ""


def test_a_missing_configuration_says_how_to_name_one(warded: Warded, tmp_path: Path) -> None:
    result = warded("user", "list", "--config", str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert "--config" in result.stderr


def test_a_store_that_is_down_exits_1_with_a_remedy(warded: Warded) -> None:
    text = re.sub("store: .*", 'store: {url: "postgresql+asyncpg://x@127.0.0.1:1/x"}', warded.config.read_text())
    warded.config.write_text(text)
    result = warded("user", "list")
    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert "try: " in result.stderr


def test_a_command_that_does_not_exist_exits_2(warded: Warded) -> None:
    assert warded("usr").exit_code == 2
    assert warded("user", "ad").exit_code == 2
    assert warded("user", "list", "--nope").exit_code == 2


def test_an_error_of_ours_keeps_its_traceback() -> None:
    from server.cli.command import command

    @command
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()


def test_the_version_is_that_of_the_distribution(warded: Warded) -> None:
    from importlib.metadata import version

    assert warded.json("version") == {"version": version("warded")}


def test_an_exit_keeps_its_code() -> None:
    from server.cli.command import command

    @command
    def ends() -> None:
        raise typer.Exit(7)

    with pytest.raises(typer.Exit) as caught:
        ends()
    assert caught.value.exit_code == 7

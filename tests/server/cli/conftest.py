"""The command line against a real store, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from server.cli.commands import app

RULES = '@id("all")\n@reason("r")\npermit (principal in Group::"dba", action, resource);\n'
CONFIG = """\
recording: {{min_free_bytes: 0}}
policy: {{folder: rules}}
store: {{url: "{store_url}"}}
resources:
  shop:
    kind: postgres
    address: postgres://127.0.0.1:1/shop
    tags: {{env: prod}}
    logins: [{{user: reader}}]
"""


@dataclass
class Warded:
    """`warded ...` with one configuration."""

    config: Path

    def __call__(self, *arguments: str, input: str = "", env: dict[str, str] | None = None) -> Result:
        environment = {"WARDED_CONFIG": str(self.config), "WARDED_TOKEN": "", "FORCE_COLOR": ""}
        return CliRunner().invoke(app, list(arguments), input=input, env=environment | (env or {}))

    def ok(self, *arguments: str, input: str = "") -> Result:
        result = self(*arguments, input=input)
        assert result.exit_code == 0, result.output
        return result

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json").stdout)


Make = Callable[[str], Warded]


@pytest.fixture
def make_warded(tmp_path: Path) -> Make:
    def make(store_url: str) -> Warded:
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "all.cedar").write_text(RULES)
        path = tmp_path / "warded.yaml"
        path.write_text(CONFIG.format(store_url=store_url))
        return Warded(path)

    return make


@pytest.fixture
def warded(make_warded: Make) -> Warded:
    """With an SQLite store beside the configuration."""
    return make_warded("sqlite+aiosqlite:///warded.db")

"""warded config: the one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.cli.command import ConfigOption, JsonOption, command, group, load
from server.cli.terminal import note, print_json

app = group("config", "The configuration file.")


@app.command()
@command
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """Print the JSON Schema of warded.yaml, for editors.

    \b
    Example:
      warded config schema -o warded.schema.json
      # first line of warded.yaml: # yaml-language-server: $schema=warded.schema.json
    """
    import json

    from server.config_file import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, "utf-8")
        note(f"Written to {output}.")


@app.command()
@command
def show(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the configuration as Warded reads it, defaults included. Secrets stay references.

    \b
    Example:
      warded config show
    """
    import yaml

    values = load(config).model_dump(mode="json")
    if json:
        print_json(values)
    else:
        print(yaml.safe_dump(values, sort_keys=False, allow_unicode=False), end="")

"""Every command, in the order that `warded --help` shows them."""

from __future__ import annotations

import typer

from server.cli import (
    budgets,
    catalog,
    configuration,
    credentials,
    mcp,
    native,
    policies,
    requests,
    resources,
    running,
    sessions,
    tokens,
    users,
)

app = typer.Typer(
    name="warded",
    help="One open gateway between AI agents, engineers and production.",
    epilog="Start with: warded demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(running.demo)
app.command()(running.serve)
app.command()(running.doctor)
app.add_typer(users.app)
app.add_typer(tokens.app)
app.add_typer(credentials.app)
app.command()(native.psql)
app.command()(native.connect)
app.add_typer(requests.app)
app.add_typer(sessions.app)
app.add_typer(policies.app)
app.command()(budgets.budgets)
app.add_typer(catalog.app)
app.add_typer(mcp.app)
app.add_typer(resources.app)
app.add_typer(configuration.app)
app.command()(running.version)

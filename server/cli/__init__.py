"""The command `warded`.

Importing this package costs next to nothing: every command imports what it
needs when it runs, so `warded --help` answers at once. A test holds the list
of modules that must not be loaded here.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the console script."""
    from server.cli.commands import app

    app(prog_name="warded")
    sys.exit(0)


__all__ = ["main"]

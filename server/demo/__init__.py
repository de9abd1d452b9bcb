"""`warded demo`: a shop's database, Warded before it, and the story of an agent at work.

run.py         the demo from start to stop
binaries.py    which PostgreSQL runs, and as whom
database.py    an embedded PostgreSQL, the system's or the wheel's, on loopback
numbers.py     card numbers, IBANs and the like that pass their checksums
pools.py       names and places of eight locales, drawn once from Faker
prose.py       what people write to a shop
shop.py        the rows: one seeded generator, the same rows on every machine
loading.py     schema, COPY, roles
files.py       warded.yaml, policies, secrets, accounts
preparing.py   all of it, before the gateway starts
gateway.py     `warded serve` as a child process
browser.py     a scripted browser for the sign-in and consent pages
agent.py       a real MCP client
person.py      somebody at the REST API
acts.py        what happens, step by step, each step checked
truth.py       what the database's owner sees, to check against
story.py       the order of the acts
telling.py     how it looks
"""

from __future__ import annotations

from pathlib import Path


def main(*, check: bool = False, port: int | None = None, folder: Path | None = None) -> int:
    """Run the demo; answers the exit code. Imported late: the command line starts without it."""
    from server.demo.run import DEFAULT_FOLDER, main

    return main(check=check, port=port, folder=folder or DEFAULT_FOLDER)

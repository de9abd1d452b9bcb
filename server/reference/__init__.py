"""The reference parts of docs/, written from the code itself so that they cannot drift.

    python -m server.reference            says which pages are out of date, and exits 1 if any is
    python -m server.reference --write    brings them up to date

`pages` knows which part of which page comes from which function; the other
modules each describe one thing: configuration, commands, rules, tools,
metrics, records. Nothing here runs in a gateway.
"""

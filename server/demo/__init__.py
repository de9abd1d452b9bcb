"""`warded demo`: a shop's database, Warded before it, and the story of an agent at work.

database.py    an embedded PostgreSQL, the system's or the wheel's, on loopback
numbers.py     card numbers, IBANs and the like that pass their checksums
pools.py       names, streets and sentences of eight locales, drawn once from Faker
shop.py        the rows: one seeded generator, the same rows on every machine
loading.py     schema, COPY, roles
files.py       warded.yaml, policies, accounts
gateway.py     `warded serve` as a child process
browser.py     a scripted browser for the sign-in and consent pages
acts.py        what happens, step by step, each step checked
story.py       how it is told
"""

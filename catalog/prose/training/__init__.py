"""Trains the name tagger from generated prose: seeded, whole numbers only, so the same seed gives the same file.

Needs Faker (the `demo` extra) for names, streets and firms of many countries; nothing here is imported at run time.
"""

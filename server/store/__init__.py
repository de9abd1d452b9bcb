"""State that outlives a process: one set of tables on SQLite (one machine) or PostgreSQL (many).

models.py says what is kept, engine.py opens it, errors.py gives every driver's
failure one name, schema.py brings an older database up to this code.
"""

"""Alembic runs this for each command. The connection comes from server/store/schema.py, never from a file."""

from __future__ import annotations

from alembic import context

from server.store.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,  # the caller's transaction: an upgrade that fails half-way leaves nothing behind
)
with context.begin_transaction():
    context.run_migrations()

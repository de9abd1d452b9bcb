"""The live catalog: states, evidence, pins, history, who reads what. Labels that scans found are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLACE = ("resource", "schema", "table", "column")
KEPT = ("resource", "schema", "table", "column", "type", "label", "detector", "confidence", "scanned_at")


def _place() -> list[sa.Column[str]]:
    return [
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("schema", sa.String(length=256), nullable=False),
        sa.Column("table", sa.String(length=256), nullable=False),
        sa.Column("column", sa.String(length=512), nullable=False),
    ]


def upgrade() -> None:
    _columns()
    op.create_table(
        "catalog_evidence",
        *_place(),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE, "label", "kind"),
    )
    op.create_table(
        "catalog_pins",
        *_place(),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE),
    )
    op.create_table(
        "catalog_changes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *_place(),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_catalog_changes_place", "catalog_changes", list(PLACE))
    op.create_table(
        "catalog_readings",
        *_place(),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("agent", sa.String(length=512), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("masked", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE, "user", "agent"),
    )
    op.create_table(
        "catalog_state",
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scan_started_at", sa.Float(), nullable=True),
        sa.Column("scan_finished_at", sa.Float(), nullable=True),
        sa.Column("lost_reads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("resource"),
    )
    _states()


def _states() -> None:
    """A resource that was scanned before has its baseline: what turns up later is new."""
    columns = sa.table("catalog_columns", sa.column("resource"), sa.column("scanned_at"))
    names = ("resource", "version", "scan_started_at", "scan_finished_at", "lost_reads")
    state = sa.table("catalog_state", *(sa.column(name) for name in names))
    last = sa.func.max(columns.c.scanned_at)
    scanned = sa.select(columns.c.resource, sa.literal(1), last, last, sa.literal(0)).group_by(columns.c.resource)
    op.execute(state.insert().from_select(list(names), scanned))


def _columns() -> None:
    """A new table and a copy: SQLite cannot add a column that is not null and has no default."""
    op.create_table(
        "catalog_columns_0002",
        *_place(),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("scanned_at", sa.Float(), nullable=False),
        sa.Column("vanished_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint(*PLACE),
    )
    old = sa.table("catalog_columns", *(sa.column(name) for name in KEPT))
    new = sa.table(
        "catalog_columns_0002",
        *(sa.column(name) for name in (*KEPT, "first_seen", "kind", "position", "state")),
    )
    kept = sa.select(
        *(old.c[name] for name in KEPT), old.c.scanned_at, sa.literal("column"), sa.literal(0), sa.literal("")
    )
    op.execute(new.insert().from_select([*KEPT, "first_seen", "kind", "position", "state"], kept))
    op.drop_table("catalog_columns")
    op.rename_table("catalog_columns_0002", "catalog_columns")

"""Budgets: what ceilings of rules have counted, by rule, person, agent and period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("client_id", sa.String(length=512), nullable=False),
        sa.Column("period", sa.String(length=80), nullable=False),
        sa.Column("measure", sa.String(length=512), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("raised", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "user", "client_id", "period", "measure"),
    )
    op.create_index("ix_budgets_updated_at", "budgets", ["updated_at"])

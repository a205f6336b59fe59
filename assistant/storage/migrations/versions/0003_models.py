"""What the models of many providers bring: parameters, reasoning, approval, the usage ledger, preferences, corrections.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns of turns and the three tables."""
    for column in _turn_columns():
        op.add_column("turns", column)
    _preferences()
    _usage_records()
    _route_examples()


def _turn_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("parameters", sa.JSON()),
        sa.Column("auto", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reasoning", sa.String(), nullable=False, server_default=""),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("cached_tokens", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("fell_back", sa.JSON()),
        sa.Column("route_by_person", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("pending", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("messages", sa.String()),
    ]


def _preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
    )


def _usage_records() -> None:
    """Create the ledger; triggers keep it append-only, and no foreign key lets a deletion elsewhere reach it."""
    counts = ("requests", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "tool_calls")
    op.create_table(
        "usage_records",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("cost", sa.String()),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("turn_id", "number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_usage_records_at", "usage_records", ["at"])
    op.create_index("ix_usage_records_conversation_id", "usage_records", ["conversation_id"])
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER usage_records_no_{action.lower()} BEFORE {action} ON usage_records "
            "BEGIN SELECT RAISE(ABORT, 'usage_records is append-only'); END"
        )


def _route_examples() -> None:
    op.create_table(
        "route_examples",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sqlite_autoincrement=True,
    )

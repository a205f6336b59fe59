"""Vectors of other embedding models beside the embedded one's, and which model serves.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of vectors and the columns that say which model serves and which one is to."""
    op.create_table(
        "embeddings",
        sa.Column("chunk_id", sa.Integer(), sa.ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    served_so_far = sa.Column("embedder", sa.String(), nullable=False, server_default="all-MiniLM-L6-v2")
    op.add_column("knowledge_state", served_so_far)
    op.add_column("knowledge_state", sa.Column("embedder_wanted", sa.String()))
    op.add_column("knowledge_state", sa.Column("embedder_problem", sa.String()))

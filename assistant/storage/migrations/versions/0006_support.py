"""What bears out the sentences of an answer.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; answers of before were not checked, so it is empty for them."""
    op.add_column("turns", sa.Column("support", sa.JSON(), nullable=False, server_default="[]"))

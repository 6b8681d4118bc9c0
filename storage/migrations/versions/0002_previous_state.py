"""The dialogue before a session's latest turn, so that this turn can be answered anew."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("previous", sa.JSON(), nullable=True))

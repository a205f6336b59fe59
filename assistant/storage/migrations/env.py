"""Run by alembic: uses the connection (and so the transaction) that ``migrate.py`` hands over."""

from alembic import context

from assistant import faults

context.configure(
    connection=context.config.attributes["connection"],
    on_version_apply=lambda **_: faults.point("migrating"),
)
context.run_migrations()

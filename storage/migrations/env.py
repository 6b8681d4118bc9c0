"""Run by Alembic: applies the migrations on the connection that `storage.engine` hands over."""

from alembic import context

from storage.base import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations are run by storage.engine.open_storage, which hands over its connection")
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()

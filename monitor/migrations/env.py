"""What Alembic runs: the migrations, inside the transaction that `monitor.store.opening` has begun."""

from alembic import context

from monitor.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

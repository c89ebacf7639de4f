"""Run the migrations inside the transaction that `database` opened; there is no alembic.ini and no second engine.

Source: https://alembic.sqlalchemy.org/en/latest/cookbook.html#sharing-a-connection-across-one-or-more-programmatic-migration-commands
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

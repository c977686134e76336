"""A small web app on Starlette and redis_aio; ``python -m webapp`` in the folder above runs it."""

"""Reading the rows of a database through SQLAlchemy: streamed, every value as JSON without loss."""

from include.sources.database.reader import compare_keys, read_database

__all__ = ["compare_keys", "read_database"]

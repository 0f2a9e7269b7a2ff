"""Publishing: a table of the warehouse is kept in another database, MySQL or PostgreSQL, row by row as it is here."""

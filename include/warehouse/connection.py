"""The warehouse: one PostgreSQL database, reached by address."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

LIBPQ_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


@dataclass(frozen=True)
class Warehouse:
    """A PostgreSQL database (version 15 or newer) at ``postgresql://user:password@host:port/name``."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        scheme, rest = self.url.split("://", 1) if "://" in self.url else ("", self.url)
        if scheme.split("+")[0] not in ("postgres", "postgresql"):
            raise ValueError("the warehouse's address must start with postgresql://user:password@host:port/database")
        object.__setattr__(self, "url", f"postgresql://{rest}")

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A new psycopg connection in UTC; ``with`` commits or rolls back, and closes it."""
        connection = psycopg.connect(self.url, autocommit=True, application_name="crm-autopilot")
        connection.execute("set timezone to 'UTC'")
        connection.autocommit = autocommit
        return connection

    @property
    def sqlalchemy_url(self) -> str:
        """The same address for SQLAlchemy, as Great Expectations takes it."""
        # Great Expectations takes $word for a variable of its own configuration
        return "postgresql+psycopg2" + self.url.removeprefix("postgresql").replace("$", "%24")

    def libpq_environment(self) -> dict[str, str]:
        """The same address as environment variables of libpq's programs (psql, pg_dump)."""
        given = conninfo_to_dict(self.url)
        return {name: str(given[key]) for key, name in LIBPQ_VARIABLES.items() if given.get(key)}

    @property
    def address(self) -> str:
        """The address without its password, for people."""
        parts = urlsplit(self.url)
        host = parts.hostname or "localhost"
        return urlunsplit(parts._replace(netloc=f"{host}:{parts.port or 5432}", query=""))

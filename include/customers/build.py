"""Customers in a build of core: versions cleaned, records linked, golden records made."""

import psycopg

from include.customers.golden import build_golden_records
from include.customers.kinds import ORGANISATION, PERSON
from include.customers.linking import link_records
from include.customers.versions import clean_versions


def link_customers(connection: psycopg.Connection) -> None:
    """Clean what was touched and link it: companies first, since a person is matched by their company, too."""
    for kind in (ORGANISATION, PERSON):
        clean_versions(connection, kind)
        link_records(connection, kind)
    # whose company is or was another one than we thought is told anew, though nothing of their own changed
    connection.execute(
        "insert into affected_person select distinct l.customer_id from core.company_link as c"
        " inner join affected_organisation as a on c.company_id = a.canonical_id"
        " inner join core.clean_version as v on v.fields ->> 'company_record' = c.record_id"
        " inner join core.customer_link as l on v.record_id = l.record_id"
        " except select canonical_id from affected_person"
    )


def tell_customers(connection: psycopg.Connection) -> None:
    """Make the golden records of all that the links affected."""
    for kind in (ORGANISATION, PERSON):
        build_golden_records(connection, kind)

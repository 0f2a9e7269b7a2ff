"""Customers: found as ``./crm customer`` finds them, and each on one page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from starlette.responses import Response

from include.customers.screen import FIELDS, NAMES, Screen, customer_screen
from include.customers.search import search
from include.pages.app import Page, Refused, Row, Visit

READ = "track_customers"
MOST = 50
VERSIONS = 20


def find(visit: Visit) -> Response:
    text = visit.asked("q")
    hits = search(visit.connection, text, MOST) if text else []
    if len(hits) == 1:
        return visit.go(f"customers/{hits[0].customer_id}")
    return visit.show("customers", text=text, hits=hits, most=MOST)


def show_customer(visit: Visit) -> Response:
    customer_id = visit.path["customer_id"]
    screen = customer_screen(visit.connection, customer_id)
    if screen is None:
        return _named_before(visit, customer_id)
    history = visit.rows("customer_history", customer_id=customer_id, most=VERSIONS + 1)
    return visit.show(
        "customer", screen=screen, customer=screen.customer, who=list(_who(screen)), names=NAMES,
        reminders=visit.rows("customer_reminders", customer_id=customer_id, most=VERSIONS),
        history=list(_changes(history)),
    )  # fmt: skip


def _named_before(visit: Visit, customer_id: str) -> Response:
    """Where a customer is today whose id was theirs before a merge."""
    today = visit.rows("customer_alias", customer_id=customer_id)
    if not today or today[0]["customer_id"] == customer_id:
        raise Refused(404, "There is no customer of this id.")
    if len(today) > 1:
        return visit.go("customers", q=customer_id)
    return visit.go(f"customers/{today[0]['customer_id']}")


def _who(screen: Screen) -> Iterator[tuple[str, Any, str]]:
    """Name of a field, its value, and the record that gave it."""
    customer = screen.customer
    for name in FIELDS:
        if customer[name] is None:
            continue
        by = customer["given_by"].get(name)
        if name in customer["filled_from"] or (name == "company_name" and not by):
            by = f"the company {customer['company_id']}"
        yield NAMES.get(name, name.replace("_", " ")), customer[name], by or ""


def _changes(versions: list[Row]) -> Iterator[tuple[datetime, list[tuple[str, Any, Any]]]]:
    """When, and for each field that was no longer the same: its name, what it was, what it became."""
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        if before is None and len(versions) > VERSIONS:
            return
        told = [
            (NAMES.get(name, name.replace("_", " ")), before[name] if before else None, version[name])
            for name in FIELDS
            if version[name] != (before[name] if before else None)
        ]
        if version["is_deleted"] != (before["is_deleted"] if before else False):
            told.append(("deleted in every source", "", "yes" if version["is_deleted"] else "no"))
        if told:
            yield version["valid_from"], told


PAGES = (
    Page("/customers", find, READ),
    Page("/customers/{customer_id}", show_customer, READ),
)

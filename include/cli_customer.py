"""``./crm customer``: one customer on one screen."""

import dataclasses
import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

err = Console(stderr=True, highlight=False)


def customer(
    text: Annotated[
        str, typer.Argument(help="A name, e-mail address, telephone number, company or id.", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as one JSON object.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many customers at most.")] = 20,
) -> None:
    """Find a customer by name, e-mail, phone, company or any id, and show them on one screen, or a list of several."""
    from include.customers.screen import customer_screen, hits_text, screen_text
    from include.customers.search import search
    from include.local import services

    with services.warehouse().connect() as connection:
        hits = search(connection, text, most)
        screen = customer_screen(connection, hits[0].customer_id) if len(hits) == 1 else None
    if as_json:
        found = {
            "hits": [dataclasses.asdict(hit) for hit in hits],
            "customer": dataclasses.asdict(screen) if screen else None,
        }
        print(json.dumps(found, default=_json))
    elif screen:
        print(screen_text(screen))
    elif hits:
        print(hits_text(hits))
    if not hits:
        err.print(escape(f"Nobody is found by {text!r}."), soft_wrap=True)
        raise typer.Exit(1)


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value)} has no JSON")

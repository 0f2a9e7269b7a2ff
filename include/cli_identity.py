"""``./crm identity``: the model that links records, the pairs it is not sure of, and what people decide."""

import getpass
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

identity_app = typer.Typer(
    help="Records that are one customer: train the model, review what it is not sure of, decide.", no_args_is_help=True
)
err = Console(stderr=True, highlight=False)

KindOption = Annotated[Literal["person", "organisation"], typer.Option(help="What the records are of.")]
Record = Annotated[str, typer.Argument(help="A record, as source:key.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.", show_default=False)]
By = Annotated[str, typer.Option(help="Who decides; the user of this machine unless given.")]


@identity_app.command()
def train() -> None:
    """Learn the weights from the records, and freeze them; the next build of core links all records by them."""
    from include.customers.training import train_identity
    from include.local import services

    for trained in train_identity(services.warehouse()):
        err.print(trained.as_text())


@identity_app.command()
def review(
    kind: KindOption = "person",
    most: Annotated[int, typer.Option(min=1, help="How many pairs at most.")] = 20,
) -> None:
    """Show pairs that may be one customer and are not linked, the most valuable first, with what speaks for it."""
    from include.customers.kinds import ORGANISATION, PERSON
    from include.customers.review import doubts
    from include.local import services

    with services.warehouse().connect() as connection:
        found = doubts(connection, PERSON if kind == "person" else ORGANISATION, most)
    for doubt in found:
        print(doubt.as_text())
    err.print(
        "Decide with ./crm identity same RECORD RECORD --reason …, or different."
        if found
        else "Nothing to review: every pair is a sure match, a sure non-match, or decided."
    )


@identity_app.command()
def same(record: Record, other: Record, reason: Reason, kind: KindOption = "person", by: By = "") -> None:
    """Decide that two records are one: the next build of core brings them together, and no model parts them."""
    _decide(record, other, kind, reason, by, is_same=True)


@identity_app.command()
def different(record: Record, other: Record, reason: Reason, kind: KindOption = "person", by: By = "") -> None:
    """Decide that two records are not one: the next build of core parts them, and no model brings them together."""
    _decide(record, other, kind, reason, by, is_same=False)


@identity_app.command()
def undo(record: Record, other: Record, kind: KindOption = "person") -> None:
    """Take the decision on two records back: the model decides again."""
    from include.customers.kinds import ORGANISATION, PERSON
    from include.customers.linking import revoke
    from include.local import services

    with services.warehouse().connect() as connection:
        was_there = revoke(connection, PERSON if kind == "person" else ORGANISATION, (record, other))
    if not was_there:
        err.print(escape(f"There is no decision on {record} and {other}."))
        raise typer.Exit(1)
    err.print("Taken back; the next build of core follows the model again.")


def _decide(record: str, other: str, kind: str, reason: str, by: str, *, is_same: bool) -> None:
    from include.customers.kinds import ORGANISATION, PERSON
    from include.customers.linking import decide
    from include.local import services

    try:
        with services.warehouse().connect() as connection:
            decide(
                connection, PERSON if kind == "person" else ORGANISATION, (record, other),
                is_same=is_same, reason=reason, by=by or getpass.getuser(),
            )  # fmt: skip
    except ValueError as error:
        err.print(f"[bold red]Error:[/] {escape(str(error))}")
        raise typer.Exit(1) from None
    err.print("Written; the next build of core (the DAG build_core) takes it in.")

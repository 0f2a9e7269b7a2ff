"""``./crm outbox``: the messages that are to go out, and what people decide about them."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

outbox_app = typer.Typer(
    help="Messages that go out: look at them, approve, cancel, settle doubts.", no_args_is_help=True
)
err = Console(stderr=True, highlight=False)

Numbers = Annotated[list[int], typer.Argument(help="Numbers of messages, as list shows them.", show_default=False)]
By = Annotated[str, typer.Option(help="Who decides; the user of this machine unless given.")]
LOOKED_AT = ["proposed", "approved", "sending", "failed", "uncertain"]


@outbox_app.command(name="list")
def list_messages(
    state: Annotated[
        list[str] | None, typer.Option(help="Only these states; all that are not done unless given. May be repeated.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many messages at most.")] = 50,
) -> None:
    """Show messages, those in doubt first."""
    from include.actions.outbox import counts, listed
    from include.local import services

    with services.warehouse().connect() as connection:
        found = listed(connection, state or LOOKED_AT, most)
        totals = counts(connection)
    for row in found:
        when = row["sending_at"] if row["state"] in ("sending", "uncertain", "sent") else row["not_before"]
        print(
            f"{row['outbox_id']:>7}  {row['state']:9}  {when:%Y-%m-%d %H:%M}  {row['channel']}  {row['recipient']}  "
            f"{row['subject']}" + (f"\n{'':9}{row['reason']}" if row["reason"] else "")
        )
    err.print(", ".join(f"{count:,} {state}" for state, count in totals.items()) or "The outbox is empty.")
    if totals.get("uncertain"):
        err.print(
            "Uncertain messages may have gone out, or not: ask the recipient or the server's log, then\n"
            "  ./crm outbox close NUMBER --arrived   (or --not-arrived)\n"
            "  ./crm outbox resend NUMBER            to send it once more"
        )


@outbox_app.command()
def show(number: Annotated[int, typer.Argument(help="Number of a message.", show_default=False)]) -> None:
    """Show all that one message says."""
    from include.local import services

    with services.warehouse().connect() as connection:
        row = connection.execute(
            "select subject, coalesce(payload ->> 'text', jsonb_pretty(payload)) from ops.outbox where outbox_id = %s",
            [number],
        ).fetchone()
    if not row:
        err.print(f"[bold red]Error:[/] There is no message {number}.")
        raise typer.Exit(1)
    print(row[0], row[1], sep="\n\n")


@outbox_app.command()
def approve(numbers: Numbers, by: By = "") -> None:
    """Let proposed messages go."""
    from include.actions import outbox
    from include.actions.config import load_outbox_config

    _decide(outbox.approve, numbers, by)
    if load_outbox_config().dry_run:
        err.print("dry_run is on in include/config/outbox.yaml: nothing is sent until it is off.")


@outbox_app.command()
def cancel(numbers: Numbers, by: By = "") -> None:
    """Keep messages from going out."""
    from include.actions import outbox

    _decide(outbox.cancel, numbers, by)


@outbox_app.command()
def resend(numbers: Numbers, by: By = "") -> None:
    """Send uncertain or failed messages once more; one that had arrived is then there twice."""
    from include.actions import outbox

    _decide(outbox.resend, numbers, by)


@outbox_app.command()
def close(
    numbers: Numbers,
    arrived: Annotated[bool, typer.Option("--arrived/--not-arrived", help="What you found out.", show_default=False)],
    by: By = "",
) -> None:
    """Settle uncertain messages without sending them again."""
    from include.actions import outbox

    _decide(lambda *given: outbox.close(*given, arrived=arrived), numbers, by)


def _decide(change: Callable[..., None], numbers: list[int], by: str) -> None:
    from include.actions.outbox import OutboxError
    from include.local import services

    try:
        with services.warehouse().connect() as connection:
            change(connection, numbers, by or getpass.getuser(), datetime.now(UTC))
    except OutboxError as error:
        err.print(f"[bold red]Error:[/] {escape(str(error))}")
        raise typer.Exit(1) from None
    err.print("Done.")

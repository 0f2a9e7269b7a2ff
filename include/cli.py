"""The command ``./crm``."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from include.cli_customer import customer
from include.cli_extract import extract
from include.cli_identity import identity_app
from include.cli_outbox import outbox_app
from include.cli_replies import classify
from include.config_files import ConfigError
from include.settings import PROJECT

if TYPE_CHECKING:
    from include.sources.connection import SourceConnection

app = typer.Typer(
    help="CRM Autopilot: collects customer information, keeps it clean, follows deals and tickets, and reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
source_app = typer.Typer(help="Write and try the definition of a source.", no_args_is_help=True)
app.add_typer(source_app, name="source")
app.add_typer(identity_app, name="identity")
app.add_typer(outbox_app, name="outbox")
app.command()(customer)
app.command()(extract)
app.command()(classify)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object, on the last line.")]
err = Console(stderr=True, highlight=False)


def main() -> None:
    """Run the command; a user's mistake ends in one clear message, not in a traceback."""
    from psycopg import OperationalError
    from psycopg.errors import UndefinedColumn, UndefinedTable

    from include.customers.errors import IdentityError, ResolveError
    from include.extracts.errors import ExtractError
    from include.ingest import IngestError
    from include.local.errors import ServiceError
    from include.quality.suites import QualityError
    from include.replies.errors import IntentError
    from include.reports.errors import ReportsFailedError
    from include.sources.errors import ReadFailedError, SkeletonError, SourceError
    from include.warehouse.migrations import WarehouseTooOldError
    from include.warehouse.staging import StagingError

    mistakes = (
        ConfigError, SourceError, ReadFailedError, SkeletonError, IngestError, QualityError, IdentityError,
        ResolveError, IntentError, ServiceError, StagingError, WarehouseTooOldError, ExtractError,
        OperationalError,
    )  # fmt: skip
    try:
        app(prog_name="./crm")
    except mistakes as error:
        told = str(error)
    except (UndefinedTable, UndefinedColumn, ReportsFailedError) as error:
        cause = error.__cause__ if isinstance(error, ReportsFailedError) else error
        if not isinstance(cause, UndefinedTable | UndefinedColumn):
            raise
        told = (
            f"the warehouse is not made yet, or is of another version of the project ({cause.diag.message_primary})."
            " ./crm up makes it, and brings it up to date."
        )
    except OSError as error:  # a full disk, a folder that is a file or somebody else's
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:
        return
    err.print(f"[bold red]Error:[/] {escape(told)}", soft_wrap=True)
    sys.exit(1)


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Keep the Airflow UI up until Ctrl-C, or exit when done.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start everything, load a made-up company's history, let the scheduler run three days, render the reports."""
    from include.demo import run

    sys.exit(run(serve=serve, as_json=as_json))


@app.command()
def up() -> None:
    """Start the warehouse and Airflow, and serve until Ctrl-C or ./crm down."""
    from include.local import services

    running = services.up(sandbox=False)
    err.print(f"Airflow: {running.airflow_url}  user {running.airflow_user}  password {running.airflow_password}")
    err.print(f"Warehouse: {services.warehouse().address}  (./crm sql)")
    err.print("Ctrl-C stops everything.")
    running.wait()


@app.command()
def down() -> None:
    """Stop what ./crm up or ./crm demo started."""
    from include.local import services

    for name in services.down():
        err.print(f"stopped {name}")


@app.command(context_settings=PASS_ON)
def sql(context: typer.Context) -> None:
    """Open the warehouse in psql, or pass arguments to it: ./crm sql -c 'select * from ops.load'."""
    from include.local import services
    from include.local.postgres import psql

    warehouse = services.warehouse()
    # the password goes by the environment: a process list shows arguments
    sys.exit(subprocess.call([str(psql()), *context.args], env={**os.environ, **warehouse.libpq_environment()}))


@app.command(context_settings=PASS_ON)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command with the project's environment: ./crm airflow dags list."""
    from include.local import services

    sys.exit(subprocess.call([sys.executable, "-m", "airflow", *context.args], env=services.airflow_environment()))


@app.command()
def load(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files, to load.", show_default=False)],
    source: Annotated[str, typer.Option(help="Source that the files belong to, a name in include/config/sources.")],
    again: Annotated[bool, typer.Option("--again", help="Read files that were loaded before, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load files by hand, through validation, staging, core, marts and the sales report."""
    from include.by_hand import load_files
    from include.local import services

    summary = load_files(services.warehouse(), source, paths, tell=err.print, again=again)
    print(json.dumps(summary.as_dict()) if as_json else summary.as_text())


@app.command()
def report(
    subject: Annotated[
        str, typer.Argument(help="customers, sales, service, summary, or several with commas.", show_default=False)
    ],
    first: Annotated[str, typer.Option("--from", help="First day, 2026-11-01.", show_default=False)],
    last: Annotated[str, typer.Option("--to", help="Last day, 2026-11-30.", show_default=False)],
    formats: Annotated[
        str, typer.Option("--format", help="html, pdf, xlsx, or several with commas; the page is always made.")
    ] = "html",
    language: Annotated[str, typer.Option(help="en, zh, or both with a comma.")] = "en",
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; all that were loaded unless given. May be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Render the report of a subject for any days; Airflow need not run."""
    from include.local import services
    from include.reports.by_hand import render_by_hand
    from include.reports.differences import since_the_one_before
    from include.settings import REPORTS

    warehouse = services.warehouse()
    editions = render_by_hand(warehouse, subject, first, last, formats, source or (), language)
    paths = [str(path) for edition in editions for path in (edition.path, *edition.others)]
    with warehouse.connect() as connection:
        changed = {
            str(edition.path): found
            for edition in editions
            if (found := since_the_one_before(connection, str(edition.path.relative_to(REPORTS))))
        }
    if as_json:
        is_new = any(edition.is_new for edition in editions)
        told = {path: found.as_text() for path, found in changed.items()}
        print(json.dumps({"reports": paths, "new": is_new, "differences": told}))
        return
    print("\n".join(paths))
    for path, found in changed.items():
        err.print(f"{Path(path).name}, since the edition of {found.since:%Y-%m-%d %H:%M}: {found.as_text()}")


@app.command()
def forget(
    email: Annotated[list[str] | None, typer.Option(help="Address of the person; may be given again.")] = None,
    customer_id: Annotated[list[str] | None, typer.Option(help="Id of the customer; may be given again.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase; without it the command only says what it would do.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why, kept in the proof: do not name the person in it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Erase one person from the warehouse, the kept reports and the files, and keep them from coming back."""
    import getpass

    from include.customers.forget import forget as erase
    from include.local import services

    erasure = erase(
        services.warehouse(), emails=email or (), customer_ids=customer_id or (), by=getpass.getuser(),
        reason=reason, dry_run=not yes,
    )  # fmt: skip
    print(json.dumps(erasure.as_dict()) if as_json else erasure.as_text())


@source_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the source: small letters, digits, _.", show_default=False)],
    url: Annotated[
        str | None, typer.Option(help="Address of an API's list of records, as one would ask for it.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option(help="With --url an answer in a file, - for standard input; else one of the files.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Table of a database, name or schema.name.")] = None,
    site: Annotated[str | None, typer.Option(help="Address of a page of a web site.")] = None,
    feeds: Annotated[str | None, typer.Option(help="Staging table; told by the entity's name unless given.")] = None,
    entity: Annotated[str | None, typer.Option(help="Name of the entity; told by the address unless given.")] = None,
    connection: Annotated[str | None, typer.Option(help="Airflow's connection; NAME unless given.")] = None,
    auth: Annotated[
        str | None, typer.Option(help="none, bearer, basic, header:NAME or query:NAME; by the connection unless given.")
    ] = None,
) -> None:
    """Write a first definition, staging statement and suite of a source: --url, --sample, --table, or --site."""
    from include.new_source import Asked, Sample, new_source

    for line in new_source(Asked(name, connection or name, entity, feeds, auth), Sample(url, sample, table, site)):
        err.print(escape(line), soft_wrap=True)


@source_app.command()
def check(
    name: Annotated[str, typer.Argument(help="Name of the source.", show_default=False)],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Business day to read; yesterday unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a source, loading nothing: connection, login, one page, types, rules, and what a year's backfill takes."""
    from include.check import as_dict, check_source, yesterday
    from include.local import services
    from include.sources.connection import source_connection

    def find_connection(conn_id: str) -> "SourceConnection | None":
        found = services.connection(conn_id)
        return source_connection(found) if found else None

    steps = []
    for step in check_source(name, day.date() if day else yesterday(), find_connection, services.warehouse):
        steps.append(step)
        mark = "[red]FAIL[/]" if not step.ok else "[yellow]look[/]" if step.do else "[green]ok  [/]"
        err.print(f"{mark} {escape(f'{step.name}: {step.says}')}", soft_wrap=True)
        if step.do:
            err.print(escape(f"     → {step.do}"), soft_wrap=True)
    summary = as_dict(name, steps)
    if as_json:
        print(json.dumps(summary))
    sys.exit(0 if summary["ok"] else 1)


@source_app.command()
def detect(
    path: Annotated[Path, typer.Argument(help="A file, packed or not.", show_default=False)],
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; the first unless given.")] = None,
) -> None:
    """Find out how a file is written, and print the YAML that says so: paste it, and look at its comments."""
    from include.sources.files.detect import detect as detect_file

    print(detect_file(path, sheet).as_yaml())


@app.command()
def scrape(
    site: Annotated[str, typer.Argument(help="A source's YAML file, or the name of a source.", show_default=False)],
    url: Annotated[str, typer.Argument(help="Address of one page.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show what a web source's rules find in one page, field by field, and what they miss; loads nothing."""
    from include.scrape import as_text
    from include.scrape import scrape as read_page

    previews = read_page(site, url)
    print(json.dumps(previews) if as_json else as_text(previews))


@app.command()
def resolve(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet files.", show_default=False)],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="What a column holds: email=Mail.")
    ] = None,
    kind: Annotated[str, typer.Option(help="What the records are of: person or organisation.")] = "person",
    truth: Annotated[str | None, typer.Option(help="Column that says who each record truly is.")] = None,
    truth_pattern: Annotated[
        str | None, typer.Option(help="Regular expression that takes the truth out of that column: its first group.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the records go with their cluster's id: .csv, .parquet.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the records of one person, or organisation, in files; columns are recognised by their names and content."""
    from include.customers.identity.resolve import FIELDS, resolve

    if kind not in FIELDS:
        raise typer.BadParameter(f"{kind} is none of {', '.join(FIELDS)}", param_hint="--kind")
    if wrong := [one for one in mapping or () if "=" not in one]:
        raise typer.BadParameter(f"{wrong[0]} is not FIELD=COLUMN", param_hint="--map")
    columns = dict(one.split("=", 1) for one in mapping or ())
    found = resolve(
        files, kind, columns, truth, truth_pattern, out, lambda line: err.print(escape(line), soft_wrap=True)
    )
    print(json.dumps(found.as_dict()) if as_json else found.as_text())


@app.command()
def doctor() -> None:
    """Check Python, disk, ports, warehouse and every configuration file, and say what to do about each problem."""
    from include.local.doctor import checks

    failed = 0
    for check in checks():
        failed += not check.ok
        err.print(f"{'[green]ok  [/]' if check.ok else '[red]FAIL[/]'} {check.name}: {check.says}")
        if not check.ok:
            err.print(f"     → {check.do}")
    sys.exit(1 if failed else 0)


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run the tests; arguments go to pytest: ./crm test tests/unit -k window."""
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *context.args], cwd=PROJECT))


@app.command(context_settings=PASS_ON)
def bench(context: typer.Context) -> None:
    """Measure speed and memory against dlt in the same run: ./crm bench rest."""
    sys.exit(subprocess.call([sys.executable, "-m", "tests.bench", *context.args], cwd=PROJECT))


@app.command()
def lock(
    check: Annotated[bool, typer.Option(help="Change nothing; fail when a lock is not current.")] = False,
) -> None:
    """Make the locks for all three Pythons anew: requirements.txt from requirements.in, and requirements-spark.txt."""
    from include.local.lockfile import check_locks, write_locks

    if not check:
        write_locks()
    elif difference := check_locks():
        err.print(f"A lock is not what its .in file asks for; run ./crm lock and commit it.\n{difference}")
        sys.exit(1)


if __name__ == "__main__":
    main()

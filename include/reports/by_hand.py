"""A report that somebody asks for: any subject, any days, any formats."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from include.actions.config import load_outbox_config
from include.config_files import ConfigError
from include.reports.config import Format, Mail, load_reports_config
from include.reports.delivery import Delivered, propose_reports
from include.reports.language import LANGUAGES
from include.reports.render import SUBJECTS, Edition, render_all
from include.settings import REPORTS
from include.warehouse.connection import Warehouse
from include.window import Window

DAY = timedelta(days=1)


def render_by_hand(
    warehouse: Warehouse, subject: str, first: str, last: str, formats: str, sources: Sequence[str],
    languages: str = "en",
) -> list[Edition]:  # fmt: skip
    """Render a report as the command line asks for it.

    :param first, last: days, both included.
    :param formats: names with commas between them; so are languages.
    :param sources: all that anything was loaded of when none is named.
    :raises ConfigError: when what is asked for is not there.
    """
    subjects = [name.strip() for name in subject.split(",") if name.strip()]
    if unknown := [name for name in subjects if name not in SUBJECTS] or (not subjects and [subject]):
        raise ConfigError(f"there is no report {', '.join(unknown)}; the reports are {', '.join(SUBJECTS)}")
    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in get_args(Format)]:
        raise ConfigError(f"--format: {', '.join(unknown)} is none of {', '.join(get_args(Format))}")
    spoken = [name.strip() for name in languages.split(",") if name.strip()]
    if unknown := [name for name in spoken if name not in LANGUAGES]:
        raise ConfigError(f"--language: {', '.join(unknown)} is none of {', '.join(LANGUAGES)}")
    try:
        starts, ends = Window.day(first), Window.day(last)
    except ValueError as error:
        raise ConfigError(f"--from, --to: {error}") from None
    if starts.start > ends.start:
        raise ConfigError(f"--from {first} is after --to {last}")
    window = Window.between(first, last)
    with warehouse.connect() as connection:
        rows = connection.execute("select source, max(window_end) from ops.load group by source order by 1").fetchall()
    loaded = [row[0] for row in rows]
    if not loaded:
        raise ConfigError("nothing was loaded yet, so there is nothing to report: ./crm load, or ./crm up and a day")
    if missing := [name for name in sources if name not in loaded]:
        raise ConfigError(f"--source: nothing was loaded of {', '.join(missing)}; there is {', '.join(loaded)}")
    if window.start >= (known := max(row[1] for row in rows)):
        raise ConfigError(f"--from {first}: nothing was loaded of days after {Window(known - DAY, known).last_day}")
    return render_all(
        warehouse,
        subjects,
        window,
        list(sources) or loaded,
        REPORTS,
        [name for name in get_args(Format) if name in wanted],
        [name for name in LANGUAGES if name in spoken] or ["en"],
    )


def send_by_hand(
    warehouse: Warehouse, editions: Sequence[Edition], to: Sequence[str], attach: Sequence[str], link: str,
    occasion: str, folder: Path = REPORTS,
) -> Delivered:  # fmt: skip
    """Put editions into the outbox for some addresses, as somebody asked.

    :param attach: formats that were made of them.
    :param occasion: what tells this asking from another.
    :raises ConfigError: when one is no address, or a format was not made.
    """
    made = {"html"} | {path.suffix[1:] for edition in editions for path in edition.others}
    if missing := [name for name in attach if name not in made]:
        raise ConfigError(f"attach: {', '.join(missing)} was not made; see formats")
    try:
        mails = [
            Mail.model_validate(
                {
                    "report": edition.report.subject,
                    "language": edition.language,
                    "to": [{"email": address} for address in to],
                    "attach": attach,
                }
            )
            for edition in editions
        ]
    except ValidationError:
        raise ConfigError(f"send_to: {', '.join(to)}: expected addresses like ann@acme.example") from None
    with warehouse.connect() as connection:
        return propose_reports(
            connection, load_outbox_config(), load_reports_config().brand, mails, editions, folder, datetime.now(UTC),
            link, occasion,
        )  # fmt: skip

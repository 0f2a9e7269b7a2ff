"""Reports that go out: who gets which is in include/config/reports.yaml; they go by the outbox, each message once."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from include.actions.config import EmailChannel, OutboxConfig
from include.actions.outbox import Attached, Message, propose
from include.config_files import ConfigError
from include.reports.config import NO_MAIL, Brand, Mail, Recipient
from include.reports.language import _, speaking
from include.reports.model import Picture, Tile
from include.reports.page import instant
from include.reports.render import Edition, write_whole
from include.reports.words import days_between, show

PICTURES = 3
PICTURE_DPI = 144
SENT_FOR = timedelta(hours=48)
ISOLATES = dict.fromkeys(map(ord, "\u2068\u2069"))  # not every program for plain text hides them
TONES = {"good": "#0f6a8b", "bad": "#b24a12", "flat": "#566571"}


@dataclass
class Delivered:
    """What became of the mails of a run.

    :param proposed: messages that are new in the outbox, or written anew there.
    :param known: that are on their way, done, or decided upon.
    :param unchanged: not written, since every figure is as it was before.
    """

    proposed: int = 0
    known: int = 0
    unchanged: int = 0


def propose_reports(
    connection: psycopg.Connection, outbox: OutboxConfig, brand: Brand, mails: Sequence[Mail],
    editions: Sequence[Edition], folder: Path, now: datetime, link: str = "", occasion: str = "",
) -> Delivered:  # fmt: skip
    """Put the reports that are to go out into the outbox: a message for each recipient.

    :param editions: that were made; those that no mail names are left.
    :param folder: of the reports.
    :param link: where reports are opened; the number of an edition comes after it.
    :param occasion: for what a window goes out; for each it goes out once.
    """
    done = Delivered()
    for mail in mails:
        for edition in editions:
            if (mail.report, mail.language) != (edition.report.subject, edition.language):
                continue
            if not is_as_made(edition):
                raise ReportChangedError(f"{edition.path} was changed by an erasure meanwhile: render it again")
            if mail.when == "changed" and not is_changed(edition.report.tiles):
                done.unchanged += len(mail.to)
                continue
            with speaking(edition.language):
                parts = _parts(edition, brand, mail, folder, link)
                for recipient in mail.to:
                    message = _addressed(edition, outbox, recipient, parts, now, occasion)
                    if propose(connection, outbox, message, now) is None:
                        done.known += 1
                    else:
                        done.proposed += 1
    return done


class ReportChangedError(RuntimeError):
    """An edition that is not as it was made."""


def is_as_made(edition: Edition) -> bool:
    """Whether the page is still what was rendered: an erasure may have come between."""
    return hashlib.sha256(edition.path.read_bytes()).hexdigest() == edition.checksum


def is_changed(tiles: Sequence[Tile]) -> bool:
    """Whether a figure at the top is another than in the period before."""
    return any(tile.change and not tile.change.is_same for tile in tiles)


def _addressed(
    edition: Edition, outbox: OutboxConfig, recipient: Recipient, parts: Message, now: datetime, occasion: str
) -> Message:  # fmt: skip
    mail = next((name for name, channel in outbox.channels.items() if isinstance(channel, EmailChannel)), None)
    channel = recipient.channel or mail
    if channel is None:
        raise ConfigError(NO_MAIL)
    to = recipient.email or recipient.name or recipient.channel or ""
    # of one window once, whatever editions of it there are; one that nobody has had yet is written anew
    key = " ".join(
        ["report", edition.report.subject, str(edition.frame.window), edition.language, recipient.channel or "", to]
        + ([occasion] if occasion else [])
    )
    return replace(
        parts,
        key=key,
        channel=channel,
        recipient=to,
        html=None if recipient.channel else parts.html,
        files=() if recipient.channel else parts.files,
        not_before=now,
        not_after=now + SENT_FOR,
    )


def _parts(edition: Edition, brand: Brand, mail: Mail, folder: Path, link: str) -> Message:
    """The message before it has a recipient."""
    report, frame = edition.report, edition.frame
    period = days_between(frame.window.first_day, frame.window.last_day)
    shown = [
        block for section in report.sections for block in section.blocks if isinstance(block, Picture)
    ][:PICTURES]  # fmt: skip
    pictures = []
    for number, block in enumerate(shown, 1):
        path = edition.path.with_suffix(f".{number}.png")
        if not path.exists():
            write_whole(path, png(block))
        file = Attached(str(path.relative_to(folder)), path.name, f"picture-{number}@crm-autopilot")
        pictures.append((block, file))
    as_of = _("As of {at}, {zone} time.", at=instant(frame.window.end, frame), zone=frame.window.zone.key)
    where = f"{link}{edition.edition_id}" if link else ""
    values: dict[str, Any] = {
        "language": edition.language, "brand": brand, "title": report.title, "period": period,
        "changes": report.changes, "doubts": report.doubts, "tiles": [_tile(tile) for tile in report.tiles],
        "pictures": [
            {"caption": block.caption, "alt": block.alt, "content_id": file.content_id} for block, file in pictures
        ],
        "link": where, "as_of": as_of,
    }  # fmt: skip
    name = f"{report.title} {frame.window}".replace(" ", "-")
    made = {path.suffix[1:]: path for path in (edition.path, *edition.others)}
    attached = [Attached(str(made[kind].relative_to(folder)), f"{name}.{kind}") for kind in mail.attach]
    lines = [f"{report.title}, {period}", "", *(f"- {change}" for change in report.changes)]
    if report.doubts:
        lines += ["", _("Missing or doubtful"), *(f"- {doubt}" for doubt in report.doubts)]
    lines += ["", *(f"{tile['label']}: {tile['value']} {tile['change']}".rstrip() for tile in values["tiles"])]
    lines += ["", *([where] if where else []), as_of]
    return Message(
        key="", kind="report", channel="", recipient="", subject=f"{report.title}, {period}",
        text="\n".join(lines).translate(ISOLATES),
        html=_template().render(values), files=[*(file for _block, file in pictures), *attached],
        not_before=frame.window.end, not_after=frame.window.end, values={"link": where},
    )  # fmt: skip


def _tile(tile: Tile) -> dict[str, str]:
    change = tile.change
    return {
        "label": f"{tile.label}, {tile.unit}" if tile.unit else tile.label,
        "value": show(tile.kind, tile.value),
        "change": change.text if change else "",
        "colour": TONES[change.tone if change else "flat"],
    }


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["_"] = _
    return environment.get_template("mail.html.j2")


def png(picture: Picture) -> bytes:
    """A picture as PNG, which mail programs show; they do not show SVG."""
    import typst

    with tempfile.TemporaryDirectory(prefix="crm-picture-") as name:
        Path(name, "picture.svg").write_bytes(picture.svg)
        page = '#set page(width: auto, height: auto, margin: 0pt)\n#image("picture.svg")'
        Path(name, "picture.typ").write_text(page, encoding="utf-8")
        made = typst.compile(str(Path(name, "picture.typ")), root=name, format="png", ppi=PICTURE_DPI)
    assert isinstance(made, bytes)
    return made

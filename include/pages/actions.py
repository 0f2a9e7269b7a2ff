"""Actions: what is to go out, went out or is in doubt, and pairs of records that may be one; people decide."""

import base64
from typing import Any

from starlette.responses import Response

from include.actions import outbox
from include.actions.config import load_outbox_config
from include.customers.kinds import ORGANISATION, PERSON
from include.customers.linking import decide
from include.customers.review import SHOWN, doubts
from include.pages.app import ROWS, Page, Refused, Visit, inside, now
from include.reports.words import listed

SEND, READ_PEOPLE, LINK = "send_outbox", "track_customers", "build_core"
PAIRS = 20
# state → what it means, in the order in which a person has to look at them
STATES = {
    "uncertain": "They may have gone out, or not: find out, then say whether they arrived, or send them once more.",
    "failed": "They surely did not go out, and are not tried again by themselves.",
    "proposed": "They wait for a person.",
    "approved": "They go out with the next run, when their time has come.",
    "sending": "They are on their way.",
    "sent": "The other side took them.",
    "cancelled": "They do not go out: by a person's word, or because their time or what they say is over.",
}
# state → what a person may decide in it, as include.actions.outbox has it
CHOICES = {
    "uncertain": ("arrived", "not_arrived", "resend"),
    "failed": ("resend", "cancel"),
    "proposed": ("approve", "cancel"),
    "approved": ("cancel",),
}
LABELS = {
    "approve": "Approve", "cancel": "Cancel", "resend": "Send once more", "arrived": "It arrived",
    "not_arrived": "It did not arrive",
}  # fmt: skip
KINDS = {"person": PERSON, "organisation": ORGANISATION}


def list_messages(visit: Visit) -> Response:
    counts = outbox.counts(visit.connection)
    state = visit.asked("state", tuple(STATES)) or next((s for s in STATES if counts.get(s)), "proposed")
    found = visit.rows("messages", state=state, before=visit.number_asked("before"), most=ROWS + 1)
    messages = found[:ROWS]
    return visit.show(
        "actions", counts=counts, states=STATES, state=state, messages=messages,
        before=messages[-1]["outbox_id"] if len(found) > ROWS else None, **_choices(visit, state),
    )  # fmt: skip


def show_message(visit: Visit) -> Response:
    message = visit.row("message", outbox_id=visit.path["number"])
    return visit.show("message", message=message, **_choices(visit, message["state"]))


def _choices(visit: Visit, state: str) -> dict[str, Any]:
    choices = CHOICES.get(state, ()) if visit.may_run(SEND) else ()
    return {"choices": {choice: LABELS[choice] for choice in choices}, "is_dry": load_outbox_config().dry_run}


def open_message(visit: Visit) -> Response:
    message = visit.row("message", outbox_id=visit.path["number"])
    html = message["html"]
    if html is None:
        raise Refused(404, "This message has no HTML part.")
    for file in message["files"]:
        # as a mail program does: pictures that go with it are shown where it names them
        if file["content_id"] and (picture := inside(visit.around.reports, file["path"])):
            data = base64.b64encode(picture.read_bytes()).decode()
            html = html.replace(f"cid:{file['content_id']}", f"data:image/png;base64,{data}")
    return visit.foreign(html)


def decide_messages(visit: Visit) -> Response:
    numbers, decision, by, at = visit.numbers_sent(), visit.sent("decision", "The decision"), visit.visitor.name, now()
    try:
        match decision:
            case "approve":
                outbox.approve(visit.connection, numbers, by, at)
            case "cancel":
                outbox.cancel(visit.connection, numbers, by, at)
            case "resend":
                outbox.resend(visit.connection, numbers, by, at)
            case "arrived" | "not_arrived":
                outbox.close(visit.connection, numbers, by, at, arrived=decision == "arrived")
            case _:
                raise Refused(400, f"There is no such decision; there is {listed(list(LABELS))}.")
    except outbox.OutboxError as error:
        raise Refused(409, str(error)) from None
    if visit.sent("from") == "message":
        return visit.go(f"actions/{numbers[0]}", done=decision)
    return visit.go("actions", done=decision)


def list_pairs(visit: Visit) -> Response:
    kind = visit.asked("kind", tuple(KINDS)) or "person"
    pairs = []
    for doubt in doubts(visit.connection, KINDS[kind], PAIRS):
        names = [name for name in SHOWN if any(told.get(name) for told in doubt.fields)]
        weights = sorted(((weight, name) for name, weight in doubt.agreement.items() if weight), reverse=True)
        pairs.append({"doubt": doubt, "names": names, "weights": weights})
    return visit.show("pairs", kind=kind, pairs=pairs, may_decide=visit.may_run(LINK))


def decide_pair(visit: Visit) -> Response:
    kind, decision = visit.sent("kind", "The kind"), visit.sent("decision", "The decision")
    if kind not in KINDS or decision not in ("same", "different"):
        raise Refused(400, "There is no such kind of record, or no such decision.")
    records = (visit.sent("record_a", "The first record"), visit.sent("record_b", "The second record"))
    try:
        decide(
            visit.connection, KINDS[kind], records, is_same=decision == "same", by=visit.visitor.name,
            reason=visit.sent("reason", "The reason"),
        )  # fmt: skip
    except ValueError as error:
        raise Refused(409, str(error)) from None
    return visit.go("actions/pairs", kind=kind, done=decision)


PAGES = (
    Page("/actions", list_messages, SEND),
    Page("/actions/pairs", list_pairs, READ_PEOPLE),
    Page("/actions/{number:int}", show_message, SEND),
    Page("/actions/{number:int}/html", open_message, SEND),
    Page("/actions/decide", decide_messages, SEND, "run"),
    Page("/actions/pairs/decide", decide_pair, LINK, "run"),
)

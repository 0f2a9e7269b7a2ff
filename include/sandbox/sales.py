"""Deals from the first talk to won or lost, and what the reps did on the way."""

from dataclasses import dataclass

from include.sandbox.catalog import (
    LEAD_SOURCES,
    LOST,
    LOST_REASONS,
    PIPELINE,
    PRODUCTS,
    REPS,
    STAGES,
    WON,
    Product,
    Rep,
)  # fmt: skip
from include.sandbox.dice import Dice, Weighted
from include.sandbox.hours import DAY, HOUR, MINUTE, iso
from include.sandbox.model import Change, Dirt, Record
from include.sandbox.people import Firm
from include.sandbox.seasons import Days, moment, quarter_end, working_moment

STALLS = 0.05  # of the deals: they stand for months before somebody gives up


@dataclass(slots=True)
class Draft:
    """A deal before it has an id."""

    firm: Firm
    product: Product
    rep: Rep
    log: list[Change]
    contact: Record | None
    ended: int  # of the activities: the close, or the horizon
    dirt: tuple[str, str] | None = None
    archived_at: int | None = None


def deals(
    seed: int, firms: list[Firm], days: Days, fair_days: set[int], start: int, end: int, count: int, dirt: list[Dirt]
) -> tuple[list[Record], list[Draft]]:
    """`count` deals drawn over `days`; those of a trade fair's days come from there. Records and drafts go together."""
    dice = Dice(seed, "deals")
    sources = Weighted(LEAD_SOURCES, [weight for _, weight, _ in LEAD_SOURCES])
    products = Weighted(PRODUCTS, [product.weight for product in PRODUCTS])
    drafts = []
    created_days = sorted(days.draw(dice) for _ in range(count))
    known = 0
    for day in created_days:
        while known < len(firms) and firms[known].joined < day + 12 * HOUR:
            known += 1
        firm = firms[int(known * dice.roll() ** 1.3)] if known else firms[0]
        offset = firm.country.utc_offset_hours
        at = max(moment(dice, day, offset, office=True), firm.joined + 10 * MINUTE)
        source = ("OFFLINE", 0, 0.03) if day in fair_days and dice.chance(0.8) else sources.draw(dice)
        drafts.append(_deal(dice, firm, products.draw(dice), source, at, start, end))
    drafts.sort(key=lambda draft: draft.log[0].at)
    records = []
    number = 15_200_000_000
    for draft in drafts:
        number += dice.between(20, 4000)
        record = Record("deals", str(number), draft.log, archived_at=draft.archived_at)
        assert draft.firm.record is not None
        record.links = {"companies": [draft.firm.record.id]}
        if draft.contact:
            record.links["contacts"] = [draft.contact.id]
        if draft.dirt:
            dirt.append(Dirt("crm", "deals", record.id, *draft.dirt, record.created))
        records.append(record)
    return records, drafts


def _deal(
    dice: Dice, firm: Firm, product: Product, source: tuple[str, int, float], at: int, start: int, end: int
) -> Draft:
    rep = _rep_in_charge(firm, at, start)
    known = [p.contacts[0] for p in firm.people if p.contacts and p.contacts[0].created < at]
    contact = dice.pick(known) if known else None
    seats = dice.between(*product.seats)
    usd = product.price * seats * (100 - dice.below(16)) / 100
    name = f"{firm.name} - {product.name}" + (f" x{seats}" if dice.chance(0.5) else "")
    if firm.country.language == "zh":
        name = f"{firm.name} {product.chinese}采购"
    expected = at + int(dice.around(40) * DAY)
    if dice.chance(0.4):
        expected = min(quarter_end(expected), expected + 30 * DAY)
    first_values = {
        "dealname": name,
        **_money(usd, firm),
        "deal_currency_code": firm.country.currency,
        "dealstage": STAGES[0][0],
        "pipeline": PIPELINE,
        "closedate": iso(expected),
        "hubspot_owner_id": rep.id,
        "product": product.name,
        "dealtype": "existingbusiness" if dice.chance(0.35) else "newbusiness",
        "hs_analytics_source": source[0],
        "closed_lost_reason": None,
        "createdate": iso(at),
    }
    log = [Change(at, first_values, by=rep.id)]
    chance = 0.55 + rep.strength + product.fit + source[2] - (0.06 if usd > 30_000 else 0)
    won = dice.chance(chance)
    stalls = dice.chance(STALLS)
    closed = _walk(dice, log, rep, won, stalls, firm.country.utc_offset_hours)
    if closed < end:
        values = {"dealstage": WON if won and not stalls else LOST, "closedate": iso(closed)}
        if values["dealstage"] == LOST:
            values["closed_lost_reason"] = "No decision" if stalls else dice.pick(LOST_REASONS)
        log.append(Change(closed, values, by=rep.id))
    _slip(dice, log, expected, min(closed, end), rep)
    if dice.chance(0.35):
        changed = at + int(dice.roll() * (closed - at))
        log.append(Change(changed, _money(usd * (75 + dice.below(55)) / 100, firm), by=rep.id))
    _hand_over(log, rep, firm, start, closed)
    log.sort(key=lambda change: change.at)
    log[:] = [change for change in log if change.at < end]
    draft = Draft(firm, product, rep, log, contact, min(closed, end))
    _spoil(dice, draft)
    if dice.chance(0.012):
        gone = at + int(dice.around(20) * DAY)
        draft.archived_at = gone if log[-1].at < gone < end else None
    if contact:
        _lifecycle(contact, at, closed if closed < end and won and not stalls else None)
    return draft


def _money(usd: float, firm: Firm) -> dict[str, str]:
    local = round(usd * firm.country.per_usd, 2)
    return {"amount": f"{local:.2f}".removesuffix(".00"), "amount_in_home_currency": f"{usd:.2f}".removesuffix(".00")}


def _rep_in_charge(firm: Firm, at: int, start: int) -> Rep:
    rep = firm.rep
    if rep.leaves_after_days is not None and at >= start + rep.leaves_after_days * DAY:
        return _successor(rep, firm)
    return rep


def _successor(rep: Rep, firm: Firm) -> Rep:
    return next(r for r in REPS if r.id != rep.id and firm.country.code in r.countries)


def _walk(dice: Dice, log: list[Change], rep: Rep, won: bool, stalls: bool, offset: int) -> int:
    """Moves the deal through its stages; returns when it closes."""
    at = log[0].at
    stage = 0
    leaves_at = len(STAGES) - 1 if won else Weighted(range(5), (24, 28, 22, 16, 10)).draw(dice)
    back = dice.chance(0.09)
    while True:
        stay = dice.around(STAGES[stage][3]) * rep.pace
        if stage == leaves_at:
            if stalls:
                stay += dice.between(100, 260)
            elif not won:
                stay *= 1.7
            closed = working_moment(dice, at + int(stay * DAY), offset)
            return _to_quarter_end(dice, closed, at, offset) if won and not stalls else closed
        at = working_moment(dice, at + int(stay * DAY), offset)
        at = max(at, log[-1].at + 2 * MINUTE)
        if back and stage >= 2:
            stage, back = stage - 1, False
        else:
            stage += 1
            if stage < leaves_at and dice.chance(0.08):
                stage += 1
        log.append(Change(at, {"dealstage": STAGES[stage][0]}, by=rep.id))


def _to_quarter_end(dice: Dice, closed: int, entered: int, offset: int) -> int:
    """Bookings are pulled into the last days of a quarter."""
    last = quarter_end(closed)
    if 6 * DAY < last - closed < 24 * DAY and dice.chance(0.30):
        return _last_days(dice, last, offset)
    before = quarter_end(closed - 12 * DAY)
    if before < closed - closed % DAY and before - 6 * DAY > entered and dice.chance(0.5):
        return _last_days(dice, before, offset)
    return closed


def _last_days(dice: Dice, last: int, offset: int) -> int:
    """In the last four working days up to `last`."""
    day = last - dice.below(4) * DAY
    weekday = (day // DAY + 3) % 7
    if weekday >= 5:
        day -= (weekday - 4) * DAY
    return moment(dice, day, offset, office=True)


def _slip(dice: Dice, log: list[Change], expected: int, closed: int, rep: Rep) -> None:
    """The close date is moved on when it has come and the deal is still open."""
    while expected < closed:
        moved = working_moment(dice, expected - dice.below(3) * DAY, 0)
        if not log[0].at < moved < closed:
            moved = expected
        expected += dice.between(10, 40) * DAY
        if moved < closed and moved > log[0].at:
            log.append(Change(moved, {"closedate": iso(expected)}, by=rep.id))


def _hand_over(log: list[Change], rep: Rep, firm: Firm, start: int, closed: int) -> None:
    if rep.leaves_after_days is None:
        return
    leaves = start + rep.leaves_after_days * DAY + 9 * HOUR
    if log[0].at < leaves < closed:
        log.append(Change(leaves, {"hubspot_owner_id": _successor(rep, firm).id}, "BATCH_UPDATE"))


def _spoil(dice: Dice, draft: Draft) -> None:
    """Half a percent of the amounts are negative, as many close dates are a word, and stay so."""
    if dice.chance(0.005):
        for change in draft.log:
            if "amount" in change.values:
                change.values["amount"] = f"-{change.values['amount']}"
        draft.dirt = ("amount", "negative")
    elif dice.chance(0.004):
        word = dice.pick(("next quarter", "asap", "TBD", "end of month"))
        for change in draft.log:
            if "closedate" in change.values:
                change.values["closedate"] = word
        draft.dirt = ("closedate", "not_a_date")


def _lifecycle(contact: Record, opened: int, won: int | None) -> None:
    known = {change.values.get("lifecyclestage") for change in contact.log}
    if known.isdisjoint({"opportunity", "customer"}):
        contact.log.append(Change(opened + 2000, {"lifecyclestage": "opportunity"}, "WORKFLOWS"))
    if won and "customer" not in known:
        contact.log.append(Change(won + 2000, {"lifecyclestage": "customer"}, "WORKFLOWS"))
    contact.log.sort(key=lambda change: change.at)


CALLS = ("Intro call", "Discovery call with {first}", "Follow-up on the quote", "Call: open questions on {product}",
         "Pricing call", "Left a voicemail", "Check-in before the decision")  # fmt: skip
EMAILS = ("{product}: what we talked about", "Your quote for {product}", "Re: delivery times",
          "Re: {product} for {firm}",
          "Case study you asked for", "Contract draft", "Just checking in", "Re: discount",
          "Next steps")  # fmt: skip
MEETINGS = (
    "Demo of {product}",
    "{firm} / Fernhill Works: kick-off",
    "Showroom visit",
    "Proposal review",
    "Meeting with CFO",
)
TASKS = (
    "Send quote to {first}",
    "Call {first} back",
    "Prepare demo of {product}",
    "Chase signature",
    "Ask for the budget",
)
KINDS = Weighted(("calls", "emails", "meetings", "tasks"), (28, 40, 14, 18))
FIRST_ID = {"calls": 31_000_000_000, "emails": 32_000_000_000, "meetings": 33_000_000_000, "tasks": 34_000_000_000}


def engagements(seed: int, records: list[Record], drafts: list[Draft], end: int) -> dict[str, list[Record]]:
    """What the reps did for each deal: about six acts each, until it closed or the rep stopped caring."""
    dice = Dice(seed, "engagements")
    acts = []
    for record, draft in zip(records, drafts, strict=True):
        at = record.created
        until = min(draft.ended, at + 100 * DAY)
        offset = draft.firm.country.utc_offset_hours
        for _ in range(dice.between(3, 9)):
            act = working_moment(dice, at + int(dice.roll() * max(until - at, HOUR)), offset)
            if act < end:
                acts.append((act, record, draft, KINDS.draw(dice)))
    acts.sort(key=lambda act: (act[0], act[1].id))
    made: dict[str, list[Record]] = {kind: [] for kind in FIRST_ID}
    numbers = dict(FIRST_ID)
    for at, deal, draft, kind in acts:
        numbers[kind] += dice.between(5, 900)
        links = {"deals": [deal.id]} | ({"contacts": [draft.contact.id]} if draft.contact else {})
        log = _act(dice, kind, at, draft)
        made[kind].append(Record(kind, str(numbers[kind]), [c for c in log if c.at < end], links))
    return made


def _act(dice: Dice, kind: str, at: int, draft: Draft) -> list[Change]:
    named = {
        "first": draft.contact.log[0].values["firstname"] if draft.contact else "the customer",
        "product": draft.product.name,
        "firm": draft.firm.name,
    }
    values: dict[str, str | None] = {
        "hubspot_owner_id": draft.rep.id,
        "hs_createdate": iso(at),
        "hs_timestamp": iso(at),
    }
    if kind == "calls":
        values["hs_call_title"] = dice.pick(CALLS).format(**named)
        values["hs_call_duration"] = str(int(dice.around(420)) * 1000)
        values["hs_call_direction"] = "INBOUND" if dice.chance(0.25) else "OUTBOUND"
        values["hs_call_status"] = "COMPLETED" if dice.chance(0.8) else "NO_ANSWER"
    elif kind == "emails":
        values["hs_email_subject"] = dice.pick(EMAILS).format(**named)
        values["hs_email_direction"] = "INCOMING_EMAIL" if dice.chance(0.4) else "EMAIL"
        values["hs_email_status"] = "SENT"
    elif kind == "meetings":
        held = at + dice.between(1, 9) * DAY
        values |= {
            "hs_meeting_title": dice.pick(MEETINGS).format(**named),
            "hs_timestamp": iso(held),
            "hs_meeting_start_time": iso(held),
            "hs_meeting_end_time": iso(held + 45 * MINUTE),
            "hs_meeting_outcome": "SCHEDULED",
        }
        outcome = "COMPLETED" if dice.chance(0.85) else "NO_SHOW"
        return [
            Change(at, values, by=draft.rep.id),
            Change(held + HOUR, {"hs_meeting_outcome": outcome}, by=draft.rep.id),
        ]
    else:
        due = at + dice.between(1, 10) * DAY
        values |= {
            "hs_task_subject": dice.pick(TASKS).format(**named),
            "hs_task_body": None,
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": dice.pick(("LOW", "MEDIUM", "HIGH")),
            "hs_task_type": "TODO",
            "hs_timestamp": iso(due),
        }
        log = [Change(at, values, by=draft.rep.id)]
        if dice.chance(0.85):
            done = max(at + HOUR, due + int((dice.roll() - 0.7) * 4 * DAY))
            log.append(Change(done, {"hs_task_status": "COMPLETED"}, by=draft.rep.id))
        return log
    return [Change(at, values, by=draft.rep.id)]

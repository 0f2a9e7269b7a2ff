"""Tickets from the first message to closed, with the users, organisations and ratings around them."""

from dataclasses import dataclass
from typing import Any

from include.sandbox.catalog import (
    AGENTS,
    ASIA_GROUP,
    ELECTRONIC,
    GOODS,
    GROUPS,
    PRODUCTS,
    ROOMLY,
    SELLER,
    SELLER_DOMAIN,
    Agent,
)
from include.sandbox.dice import Dice, Weighted
from include.sandbox.hours import DAY, HOUR, LONDON, MINUTE, SECOND, SHANGHAI, Office
from include.sandbox.model import Change, Comment, Dirt, OrderLine, Record, Sighting
from include.sandbox.people import Person
from include.sandbox.seasons import Days, moment
from include.sandbox.texts import (
    INTENTS,
    NOTES,
    RATED_BAD,
    RATED_GOOD,
    REOPENERS,
    REOPENERS_ZH,
    Intent,
    answer_text,
    follow_up_text,
    further_text,
    request_text,
)  # fmt: skip

PRIORITIES = ("low", "normal", "high", "urgent")
HASTE = (1.5, 1.0, 0.7, 0.4)  # multiple of the usual time to answer
TYPES = {"damaged_item": "problem", "technical_problem": "incident", "delivery_late": "incident",
         "complaint": "problem",
         "quote_request": "task", "change_address": "task", "cancel_subscription": "task"}  # fmt: skip
SUBJECTS_OF = {  # the products that an intent can be about; all of them where it is not named
    **dict.fromkeys(("delivery_late", "damaged_item", "wrong_item", "warranty"), GOODS),
    **dict.fromkeys(("technical_problem", "setup_help"), ELECTRONIC),
    **dict.fromkeys(("data_export", "cancel_subscription", "upgrade_plan", "reset_password"), ROOMLY),
}
CHANNELS = Weighted(("email", "web", "chat", "api"), (55, 26, 12, 7))
RULE = -1  # whose updates are the help desk's own
CLOSES_AFTER = 4 * DAY
FIRST_EVENT_ID = 7_000_000_000_000


@dataclass(slots=True)
class Flow:
    """A ticket in the making: where it is, who has it, what has been said."""

    number: int
    person: Person
    requester: int
    intent: Intent
    office: Office
    urgency: int
    agent: Agent
    facts: dict[str, str]
    log: list[Change]
    last_answer: int = 0

    @property
    def chinese(self) -> bool:
        return self.person.is_chinese

    def add(
        self, at: int, by: int, values: dict[str, Any], said: str | None = None, public: bool = True,
        source: str = "web",
    ) -> None:  # fmt: skip
        """Appends an update; a later one never comes before an earlier one."""
        if self.log and at <= self.log[-1].at:
            at = self.log[-1].at + 3 * SECOND
        event = event_id(self.number, len(self.log))
        comment = Comment(event + 1, by, said, public) if said is not None else None
        self.log.append(Change(at, values, source, by, event, comment))

    @property
    def now(self) -> int:
        return self.log[-1].at


def event_id(ticket: int, place: int) -> int:
    """The id of a ticket's update number `place`; the ids up to the next one are for its parts."""
    return FIRST_EVENT_ID + (ticket * 1000 + place) * 100


class Desk:
    """Makes the help desk's records, ticket by ticket in order of time."""

    def __init__(self, seed: int, start: int, end: int, orders: list[OrderLine]) -> None:
        self.dice = Dice(seed, "tickets")
        self.start, self.end = start, end
        self.tickets: list[Record] = []
        self.users: list[Record] = []
        self.organizations: list[Record] = []
        self.ratings: list[Record] = []
        self.intents: dict[str, dict[str, Any]] = {}
        self.dirt: list[Dirt] = []
        self.orders: dict[str, list[tuple[int, str, str]]] = {}  # by firm domain or mailbox: (at, order, product name)
        for line in orders:
            for key in {line.email.lower(), line.email.lower().split("@")[1]}:
                self.orders.setdefault(key, []).append((line.at, line.order_id, line.product))

    def staff(self) -> None:
        """The agents' own user records."""
        for agent in AGENTS:
            local = f"desk{agent.id % 1000:02d}" if not agent.name.isascii() else agent.name.lower().replace(" ", ".")
            values = {
                "name": agent.name,
                "email": f"{local}@{SELLER_DOMAIN}",
                "role": agent.role,
                "organization_id": None,
                "phone": None,
                "locale": "en-gb",
                "time_zone": "Beijing" if agent.group == ASIA_GROUP else "London",
                "default_group_id": agent.group,
            }
            self.users.append(Record("users", str(agent.id), [Change(self.start + agent.id % 1000 * SECOND, values)]))

    def ticket(self, at: int, person: Person, intent: Intent, product_key: str) -> None:
        """The whole life of a ticket created at `at`."""
        dice = self.dice
        number = 10_000 + len(self.tickets) + 1
        requester, organization = self._requester(person, at)
        office = SHANGHAI if person.is_chinese else LONDON
        urgency = max(0, min(3, intent.urgency + Weighted((-1, 0, 1), (15, 65, 20)).draw(dice)))
        group = ASIA_GROUP if person.is_chinese else intent.group
        agent = dice.pick([a for a in AGENTS if a.group == group])
        product = next(p for p in PRODUCTS if p.key == product_key)
        facts = self._facts(person, at, product_key)
        flow = Flow(number, person, requester, intent, office, urgency, agent, facts, [])
        subject, body = request_text(dice, intent, person.is_chinese, facts)
        channel = CHANNELS.draw(dice)
        opened_by_agent = dice.chance(0.03) and intent.in_scope
        flow.add(
            at, agent.id if opened_by_agent else requester,
            {
                "subject": subject, "description": body, "status": "new", "type": None,
                "priority": PRIORITIES[urgency] if channel == "web" and dice.chance(0.5) else None,
                "tags": [f"product_{product.key}"] + (["vip"] if person.firm.employees > 400 else []),
                "requester_id": requester, "submitter_id": agent.id if opened_by_agent else requester,
                "assignee_id": None, "group_id": group if dice.chance(0.7) else None,
                "organization_id": organization, "satisfaction_score": "unoffered",
                "product": f"product_{product.key}",
            },
            body if not opened_by_agent else answer_text(dice, intent, person.is_chinese, facts, agent.name),
            source=channel,
        )  # fmt: skip
        self._life(flow, group)
        log = [change for change in flow.log if change.at < self.end]
        record = Record("tickets", str(number), log)
        self.tickets.append(record)
        self.intents[record.id] = {
            "intent": intent.key,
            "in_scope": intent.in_scope,
            "language": "zh" if person.is_chinese else "en",
            "product": product.key,
            "person": person.key,
            "at": at,
        }
        if dice.chance(0.005):
            field, value, kind = dice.pick((
                ("created_at", f"{2025 + dice.below(2)}-02-30T09:00:00Z", "impossible_date"),
                ("created_at", "0000-00-00T00:00:00Z", "impossible_date"),
                ("subject", "", "empty_required"),
            ))  # fmt: skip
            log[0].values[field] = value
            self.dirt.append(Dirt("helpdesk", "tickets", record.id, field, kind, at))

    def _facts(self, person: Person, at: int, product_key: str) -> dict[str, str]:
        dice = self.dice
        product = next(p for p in PRODUCTS if p.key == product_key)
        known = [o for key in (person.email, person.firm.domain) for o in self.orders.get(key, ()) if o[0] < at]
        order = (
            known[-1 - dice.below(min(len(known), 3))][1]
            if known
            else f"FW-{dice.between(250101, 250131)}-{dice.between(10000, 99999)}"
        )
        return {
            "order": order, "product": product.name, "product_zh": product.chinese, "email": person.email,
            "name": person.name, "first": person.first, "title": person.title, "firm": person.firm.name,
            "phone": person.phone, "days": str(dice.between(3, 14)), "code": str(dice.between(11, 98)),
            "amount": f"{dice.between(200, 9000)}.{dice.between(10, 99)} {person.firm.country.currency}",
            "SELLER": SELLER,
        }  # fmt: skip

    def _requester(self, person: Person, at: int) -> tuple[int, int | None]:
        """(user id, organisation id), made when this mailbox writes for the first time."""
        dice = self.dice
        private = dice.chance(0.07)
        email = person.private_email if private else person.email
        if email not in person.desk_users:
            firm = person.firm
            if firm.organization_id is None and not private:
                firm.organization_id = 4_500_000_000 + len(self.organizations) * 37 + 11
                values = {
                    "name": firm.name,
                    "domain_names": [firm.domain],
                    "tags": ["vip"] if firm.employees > 400 else [],
                }
                self.organizations.append(
                    Record("organizations", str(firm.organization_id), [Change(at - SECOND, values)])
                )
                firm.sightings.append(Sighting("helpdesk", "organizations", str(firm.organization_id), at - SECOND))
            name = person.name
            if private and dice.chance(0.5):
                name = email.split("@")[0]
            elif person.is_chinese and dice.chance(0.3):
                name = " ".join(person.latin)
            about: dict[str, Any] = {
                "name": name, "email": email, "role": "end-user",
                "organization_id": None if private else firm.organization_id,
                "phone": person.phone if dice.chance(0.4) else None,
                "locale": "zh-cn" if person.is_chinese else "en-gb",
                "time_zone": "Beijing" if person.is_chinese else "London", "default_group_id": None,
            }  # fmt: skip
            user = Record("users", str(381_000_000_000 + len(self.users) * 41), [Change(at - SECOND, about)])
            if dice.chance(0.05):
                later = at + int(dice.around(80) * DAY)
                if later < self.end:
                    user.log.append(Change(later, {"phone": person.phone}))
            person.desk_users[email] = user
            person.sightings.append(Sighting("helpdesk", "users", user.id, at - SECOND, email))
            self.users.append(user)
        user = person.desk_users[email]
        return int(user.id), user.log[0].values["organization_id"]

    def _life(self, flow: Flow, group: int) -> None:
        dice = self.dice
        fate = dice.roll()
        if not flow.intent.in_scope and fate < 0.4:
            self._unanswered(flow, deleted=fate < 0.15)
            return
        if fate > 0.988:
            self._merged(flow)
            return
        self._triage(flow, group)
        if fate > 0.985:
            flow.add(flow.now + 20 * MINUTE, flow.agent.id, {"status": "deleted"})
            return
        self._answer(flow, first=True, last=False)
        rounds = 0
        more = 0.42 * flow.intent.rounds
        while rounds < 6 and dice.chance(min(more, 0.8)):
            rounds += 1
            more *= 0.8
            self._customer_returns(flow)
            if dice.chance(0.12):
                self._reassign(flow)
            self._answer(flow, first=False, last=False)
        if fate > 0.973:  # forgotten with a supplier
            flow.add(flow.now + HOUR, flow.agent.id, {"status": "hold"}, "Waiting for the supplier.", public=False)
            if dice.chance(0.45):
                return
            flow.add(flow.now + dice.between(20, 90) * DAY, flow.agent.id, {"status": "open"})
        self._solve(flow)
        if dice.chance(0.08):
            back = flow.now + int(min(dice.around(26) * HOUR, 3.8 * DAY))
            said = dice.pick(REOPENERS_ZH if flow.chinese else REOPENERS)
            flow.add(back, flow.requester, {"status": "open"}, said, source="email")
            self._answer(flow, first=False, last=False)
            self._solve(flow)
        self._rate_and_close(flow)

    def _unanswered(self, flow: Flow, deleted: bool) -> None:
        at = flow.office.after(flow.now, self.dice.around(120))
        if deleted:
            flow.add(at, flow.agent.id, {"status": "deleted"})
            return
        tags = [*flow.log[0].values["tags"], "no_reply_needed"]
        flow.add(at, flow.agent.id, {"status": "solved", "assignee_id": flow.agent.id, "tags": tags})
        flow.add(at + CLOSES_AFTER, RULE, {"status": "closed"}, source="rule")

    def _merged(self, flow: Flow) -> None:
        if flow.number < 10_003:
            return
        into = flow.number - self.dice.between(1, 2)
        tags = [*flow.log[0].values["tags"], "closed_by_merge"]
        note = f"This request was closed and merged into request #{into}."
        at = flow.office.after(flow.now, self.dice.around(60))
        flow.add(
            at, flow.agent.id, {"status": "closed", "assignee_id": flow.agent.id, "tags": tags}, note, public=False
        )

    def _triage(self, flow: Flow, group: int) -> None:
        dice = self.dice
        values: dict[str, Any] = {"assignee_id": flow.agent.id, "status": "open"}
        if flow.log[0].values["group_id"] != group:
            values["group_id"] = group
        if flow.log[0].values["priority"] is None:
            values["priority"] = PRIORITIES[flow.urgency]
        if dice.chance(0.8):
            values["type"] = TYPES.get(flow.intent.key, "question")
        by_rule = dice.chance(0.35)
        at = flow.now + dice.between(20, 90) * SECOND if by_rule else flow.office.after(flow.now, dice.around(14))
        flow.add(at, RULE if by_rule else flow.agent.id, values, source="rule" if by_rule else "web")

    def _answer(self, flow: Flow, first: bool, last: bool) -> None:
        """An agent's public comment, sometimes with a note before it; the customer's turn then."""
        dice = self.dice
        asked = flow.log[0].at if first else flow.now
        usual = 82 if first else 130
        at = max(
            flow.office.after(asked, dice.around(usual) * flow.agent.pace * HASTE[flow.urgency]), flow.now + 40 * SECOND
        )
        if dice.chance(0.18):
            noted = flow.now + (at - flow.now) // 2
            flow.add(noted, flow.agent.id, {}, dice.pick(NOTES), public=False)
            at = max(at, flow.now + MINUTE)
        if first:
            said = answer_text(dice, flow.intent, flow.chinese, flow.facts, flow.agent.name)
            flow.last_answer = at
        else:
            said = further_text(dice, flow.chinese, flow.agent.name)
        flow.add(at, flow.agent.id, {"status": "hold" if dice.chance(0.05) else "pending"}, said)

    def _customer_returns(self, flow: Flow) -> None:
        dice = self.dice
        at = flow.now + int(dice.around(7) * HOUR)
        offset = flow.person.firm.country.utc_offset_hours
        if not 7 <= (at % DAY // HOUR + offset) % 24 < 22:
            at = moment(dice, at - at % DAY + DAY, offset)
        said = follow_up_text(dice, flow.chinese, flow.facts)
        flow.add(at, flow.requester, {"status": "open"}, said, source="email")

    def _reassign(self, flow: Flow) -> None:
        dice = self.dice
        others = [a for a in AGENTS if a.id != flow.agent.id and (a.group == flow.agent.group or dice.chance(0.3))]
        if flow.chinese:
            others = [a for a in others if a.group == ASIA_GROUP]
        if not others:
            return
        old, flow.agent = flow.agent, dice.pick(others)
        values: dict[str, Any] = {"assignee_id": flow.agent.id}
        if flow.agent.group != old.group:
            values["group_id"] = flow.agent.group
        note = f"Over to {GROUPS[flow.agent.group]}, please."
        flow.add(flow.office.after(flow.now, dice.around(25)), old.id, values, note, public=False)

    def _solve(self, flow: Flow) -> None:
        """Usually some time after the last answer, when nothing more came; sometimes at once."""
        dice = self.dice
        if dice.chance(0.45):
            flow.add(flow.now + dice.between(5, 90) * SECOND, flow.agent.id, {"status": "solved"})
        elif dice.chance(0.6):
            flow.add(flow.office.after(flow.now, dice.around(500)), flow.agent.id, {"status": "solved"})
        else:
            flow.add(flow.now + 3 * DAY, RULE, {"status": "solved"}, source="rule")

    def _rate_and_close(self, flow: Flow) -> None:
        dice = self.dice
        solved = flow.now
        if dice.chance(0.8):
            offered = solved + DAY
            flow.add(offered, RULE, {"satisfaction_score": "offered"}, source="rule")
            values = {
                "ticket_id": flow.number, "requester_id": flow.requester, "assignee_id": flow.agent.id,
                "group_id": flow.agent.group, "score": "offered", "comment": None,
            }  # fmt: skip
            rating = Record("satisfaction_ratings", str(62_000_000 + flow.number * 7), [Change(offered, values)])
            if dice.chance(0.32):
                slow = flow.last_answer - flow.log[0].at > 12 * HOUR
                good = dice.chance(0.92 - (0.10 if slow else 0) - (0.05 if len(flow.log) > 10 else 0))
                at = offered + int(min(dice.around(5) * HOUR, 2.7 * DAY))
                score = "good" if good else "bad"
                comment = dice.pick(RATED_GOOD if good else RATED_BAD) or None
                flow.add(at, flow.requester, {"satisfaction_score": score}, source="web")
                rating.log.append(Change(flow.now, {"score": score, "comment": comment}))
            rating.log = [change for change in rating.log if change.at < self.end]
            if rating.log:
                self.ratings.append(rating)
        flow.add(solved + CLOSES_AFTER, RULE, {"status": "closed"}, source="rule")


def make_tickets(
    seed: int, people: list[Person], orders: list[OrderLine], days: Days, surges: dict[int, str], start: int, end: int,
    count: int,
) -> Desk:  # fmt: skip
    """`count` tickets drawn over `days`. `surges` names the product that is behind a day's extra tickets."""
    desk = Desk(seed, start, end, orders)
    desk.staff()
    dice = Dice(seed, "requests")
    intents = Weighted(INTENTS, [intent.weight for intent in INTENTS])
    upset = [i for i in INTENTS if i.key in ("damaged_item", "delivery_late")]
    products = {
        intent.key: Weighted([p.key for p in about], [p.weight for p in about])
        for intent in INTENTS
        for about in [[p for p in PRODUCTS if p.key in SUBJECTS_OF.get(intent.key, [q.key for q in PRODUCTS])]]
    }
    joined = [person.joined for person in people]
    drawn = sorted(days.draw(dice) for _ in range(count))
    requests = []
    known = 0
    for day in drawn:
        while known < len(people) and joined[known] < day:
            known += 1
        if not known:
            continue
        person = people[int(known * dice.roll() ** 1.6)]
        at = moment(dice, day, person.firm.country.utc_offset_hours)
        if day in surges and dice.chance(0.75):
            requests.append((at, person, dice.pick(upset), surges[day]))
        else:
            intent = intents.draw(dice)
            requests.append((at, person, intent, products[intent.key].draw(dice)))
    requests.sort(key=lambda request: (request[0], request[1].key))
    for at, person, intent, product in requests:
        desk.ticket(at, person, intent, product)
    return desk

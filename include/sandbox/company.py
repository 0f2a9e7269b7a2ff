"""Makes the whole company: who its customers are and all that happens, from a seed."""

from datetime import date

from include.sandbox import people as customers
from include.sandbox import sales, service
from include.sandbox.catalog import AGENTS, GOODS, REPS, TEAMS
from include.sandbox.dice import Dice
from include.sandbox.hours import DAY, LONDON, day_of, iso, ms_of
from include.sandbox.model import Anomaly, Company, Dirt
from include.sandbox.orders import make_orders
from include.sandbox.seasons import DEAL_WEEK, NEW_DEALS, NEW_TICKETS, TICKET_WEEK, Days

MONTHS_AHEAD = 4
# (share of the shown time, figure, factor, days): far enough apart that each stands against quiet weeks.
PLANTED = (
    (0.22, "tickets", 3.4, 2),
    (0.37, "deals", 3.6, 1),
    (0.46, "tickets", 0.12, 1),
    (0.58, "tickets", 4.0, 1),
    (0.66, "deals", 0.05, 2),
    (0.79, "tickets", 3.2, 2),
    (0.90, "deals", 3.8, 1),
    (0.945, "tickets", 3.8, 1),
    (1.06, "tickets", 3.5, 2),
)


def generate(
    seed: int,
    start: date,
    companies: int,
    people: int,
    deals: int,
    tickets: int,
    months: int,
    local_currencies: bool = False,
) -> Company:
    """A company whose sizes hold for the first `months` months; four more months follow, at the same pace.

    With `local_currencies` each customer is billed in the currency of its country, else all in US dollars.
    The same arguments give the same records, on every Python and platform.
    """
    begin = ms_of(start)
    shown_until = ms_of(_months_later(start, months))
    end = ms_of(_months_later(start, months + MONTHS_AHEAD))
    with_future = (end - begin) / (shown_until - begin)
    anomalies, factors, surges, fair_days = _plant(seed, begin, shown_until)
    dirt: list[Dirt] = []

    firms = customers.make_firms(seed, begin, end - DAY, max(1, round(companies * with_future)), local_currencies)
    persons = customers.make_people(seed, firms, end - DAY, max(1, round(people * with_future)))
    company_records = customers.company_records(seed, firms, end, dirt)
    contact_records = customers.contact_records(seed, persons, end, dirt)
    deal_days = Days(begin, end, NEW_DEALS, DEAL_WEEK, factors["deals"])
    deal_records, drafts = sales.deals(seed, firms, deal_days, fair_days, begin, end, round(deals * with_future), dirt)
    acts = sales.engagements(seed, deal_records, drafts, end)
    orders = make_orders(seed, persons, begin, end, round(tickets * 1.1 * with_future), dirt)
    ticket_days = Days(begin, end, NEW_TICKETS, TICKET_WEEK, factors["tickets"])
    desk = service.make_tickets(seed, persons, orders, ticket_days, surges, begin, end, round(tickets * with_future))
    pages = customers.page_records(seed, firms, end)
    records = {
        "companies": company_records,
        "contacts": contact_records,
        "deals": deal_records,
        **acts,
        "organizations": desk.organizations,
        "users": desk.users,
        "tickets": desk.tickets,
        "satisfaction_ratings": sorted(desk.ratings, key=lambda rating: (rating.created, rating.id)),
        "pages": pages,
    }
    for contact in contact_records:  # an archived record is not touched any more
        if contact.archived_at is not None:
            contact.log = [change for change in contact.log if change.at < contact.archived_at]
    return Company(
        seed=seed,
        start=begin,
        end=end,
        records=records,
        owners=_owners(begin),
        agents=[{"id": agent.id, "name": agent.name, "group_id": agent.group} for agent in AGENTS],
        orders=orders,
        people={person.key: sorted(person.sightings, key=lambda s: (s.at, s.id)) for person in persons},
        firms={firm.key: sorted(firm.sightings, key=lambda s: (s.at, s.id)) for firm in firms},
        intents=desk.intents,
        anomalies=anomalies,
        dirt=sorted(dirt + desk.dirt, key=lambda d: (d.at, d.system, d.id)),
    )


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, min(day.day, 28))


def _plant(
    seed: int, start: int, end: int
) -> tuple[list[Anomaly], dict[str, dict[int, float]], dict[int, str], set[int]]:
    """The anomalies, the factor of each day by figure, the product behind a surge, and the days of trade fairs."""
    dice = Dice(seed, "anomalies")
    anomalies = []
    factors: dict[str, dict[int, float]] = {"tickets": {}, "deals": {}}
    surges: dict[int, str] = {}
    fair_days: set[int] = set()
    for share, figure, factor, days in PLANTED:
        first = start + int(share * (end - start)) // DAY * DAY + dice.below(4) * DAY
        while (
            not 1 <= day_of(first).weekday() <= 2
            or day_of(first).month in (8, 12)
            or not all(LONDON.is_working_day(day // DAY) for day in range(first, first + days * DAY, DAY))
        ):
            first += DAY  # on a Tuesday or Wednesday of an ordinary month, where it cannot pass for a day off
        product = dice.pick(GOODS) if figure == "tickets" and factor > 1 else None
        for day in range(first, first + days * DAY, DAY):
            factors[figure][day] = factor
            if product:
                surges[day] = product
            elif factor > 1:
                fair_days.add(day)
            anomalies.append(
                Anomaly(figure, day_of(day).isoformat(), "spike" if factor > 1 else "dip", factor, product)
            )
    return anomalies, factors, surges, fair_days


def _owners(start: int) -> list[dict]:
    owners = []
    for place, rep in enumerate(REPS):
        left = start + rep.leaves_after_days * DAY if rep.leaves_after_days is not None else None
        owners.append({
            "id": rep.id, "email": rep.email, "firstName": rep.first, "lastName": rep.last,
            "userId": 7_000_001 + place, "createdAt": iso(start), "archived_at": left,
            "teams": [{"id": TEAMS[rep.team], "name": rep.team, "primary": True}],
        })  # fmt: skip
    return owners

"""The customers: firms, the people in them, and the records by which the systems know them.

A person is one; the records that speak of them are several: contacts with typing errors, private mailboxes, nicknames.
"""

from dataclasses import dataclass, field, replace

from include.sandbox.catalog import COUNTRIES, REPS, Country, Rep
from include.sandbox.dice import Dice, Weighted
from include.sandbox.hours import DAY, HOUR, MINUTE, SECOND, iso
from include.sandbox.model import SITE_ENTITY, Change, Dirt, Record, Sighting
from include.sandbox.names import (
    MAILBOXES,
    MAILBOXES_ZH,
    NICKNAMES,
    TITLES,
    TITLES_ZH,
    firm_name,
    mailbox,
    person_name,
    phone,
    phone_as_typed,
    plain,
    typo,
)  # fmt: skip
from include.sandbox.seasons import moment, working_moment

IMPORTED_SHARE = 0.45  # of the firms: brought over from a spreadsheet on the first morning


@dataclass(slots=True)
class Firm:
    key: str
    name: str
    domain: str
    industry: str
    country: Country
    city: str
    employees: int
    joined: int
    rep: Rep
    people: list["Person"] = field(default_factory=list)
    record: Record | None = None
    organization_id: int | None = None
    sightings: list[Sighting] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    key: str
    firm: Firm
    first: str
    last: str
    latin: tuple[str, str]
    email: str
    private_email: str
    phone: str
    title: str
    joined: int
    contacts: list[Record] = field(default_factory=list)
    desk_users: dict[str, Record] = field(default_factory=dict)  # by mailbox
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def is_chinese(self) -> bool:
        return self.firm.country.language == "zh"

    @property
    def name(self) -> str:
        return full_name(self.first, self.last, self.is_chinese)


def full_name(first: str, last: str, chinese: bool) -> str:
    return f"{last}{first}" if chinese else f"{first} {last}"


def make_firms(seed: int, start: int, end: int, count: int, local_currencies: bool) -> list[Firm]:
    """`count` firms, most of them there on the first day, in order of joining; their domains are unique."""
    dice = Dice(seed, "firms")
    billed = COUNTRIES if local_currencies else tuple(replace(c, currency="USD", per_usd=1.0) for c in COUNTRIES)
    countries = Weighted(billed, [country.weight for country in billed])
    reps = {c.code: [rep for rep in REPS if c.code in rep.countries] for c in COUNTRIES}
    taken: set[str] = set()
    firms = []
    for number in range(count):
        country = countries.draw(dice)
        name, label, industry = firm_name(dice, country)
        while label in taken:
            name, label, industry = firm_name(dice, country)
            if label in taken:  # a common name in another town
                label = f"{label}-{plain(dice.pick(country.cities)) or dice.token(3)}{dice.between(2, 99)}"
        taken.add(label)
        if dice.chance(IMPORTED_SHARE):
            joined = start + 8 * HOUR + number * 400 % (90 * MINUTE)
        else:
            joined = _day(dice, start, end, country)
        firms.append(
            Firm("", name, f"{label}.example", industry, country, dice.pick(country.cities),
                 max(6, int(dice.around(120))), joined, dice.pick(reps[country.code]))
        )  # fmt: skip
    firms.sort(key=lambda firm: (firm.joined, firm.domain))
    for number, firm in enumerate(firms, 1):
        firm.key = f"company-{number:05d}"
    return firms


def _day(dice: Dice, start: int, end: int, country: Country) -> int:
    day = start + dice.below((end - start) // DAY) * DAY
    return working_moment(dice, moment(dice, day, country.utc_offset_hours), country.utc_offset_hours)


def make_people(seed: int, firms: list[Firm], end: int, count: int) -> list[Person]:
    """`count` people, at least one a firm while they last, larger firms more."""
    dice = Dice(seed, "people")
    by_size = Weighted(firms, [min(firm.employees, 600) + 40 for firm in firms])
    people = []
    taken: set[str] = set()
    for number in range(count):
        firm = firms[number] if number < len(firms) else by_size.draw(dice)
        language = firm.country.language
        if language not in ("en", "zh") and dice.chance(0.2):
            language = "en"
        first, last, *latin = person_name(dice, language)
        email = mailbox(dice, latin[0], latin[1], firm.domain)
        if email in taken:
            email = f"{plain(latin[0])}.{plain(latin[1])}{number}@{firm.domain}"
        taken.add(email)
        private = f"{plain(latin[0])}{plain(latin[1])}{dice.between(60, 99)}{number}"
        private += f"@{dice.pick(MAILBOXES_ZH if language == 'zh' else MAILBOXES)}"
        joined = firm.joined + 5 * SECOND
        if not dice.chance(0.45):
            joined = (
                _day(dice, firm.joined - firm.joined % DAY, end, firm.country) if firm.joined < end - DAY else joined
            )
        person = Person(
            "", firm, first, last, (latin[0], latin[1]), email, private, phone(dice, firm.country.code),
            dice.pick(TITLES_ZH if language == "zh" else TITLES), max(joined, firm.joined + 5 * SECOND),
        )  # fmt: skip
        firm.people.append(person)
        people.append(person)
    people.sort(key=lambda person: (person.joined, person.email))
    for number, person in enumerate(people, 1):
        person.key = f"person-{number:06d}"
    for firm in firms:
        firm.people.sort(key=lambda person: person.key)
    return people


def company_records(seed: int, firms: list[Firm], end: int, dirt: list[Dirt]) -> list[Record]:
    """The CRM's companies. Firms get their `record`."""
    dice = Dice(seed, "companies")
    records = []
    number = 9_100_000_000
    for firm in firms:
        number += dice.between(3, 900)
        values = {
            "name": firm.name,
            "domain": firm.domain,
            "industry": firm.industry,
            "country": firm.country.name,
            "city": firm.city,
            "numberofemployees": str(firm.employees),
            "annualrevenue": str(firm.employees * dice.between(60, 240) * 1000),
            "hubspot_owner_id": firm.rep.id,
            "createdate": iso(firm.joined),
        }
        imported = firm.joined % DAY < 10 * HOUR and dice.chance(0.5)
        record = Record("companies", str(number), [Change(firm.joined, values, "IMPORT" if imported else "CRM_UI")])
        if dice.chance(0.006):
            values["name"] = ""
            dirt.append(Dirt("crm", "companies", record.id, "name", "empty_required", firm.joined))
        for _ in range(dice.below(3)):
            at = _day(dice, firm.joined - firm.joined % DAY, end + DAY, firm.country)
            if firm.joined < at < end:
                grown = str(int(firm.employees * (0.9 + 0.4 * dice.roll())))
                record.log.append(Change(at, {"numberofemployees": grown}, by=firm.rep.id))
        record.log.sort(key=lambda change: change.at)
        firm.record = record
        firm.sightings.append(Sighting("crm", "companies", record.id, firm.joined))
        records.append(record)
    return records


def contact_records(seed: int, people: list[Person], end: int, dirt: list[Dirt]) -> list[Record]:
    """The CRM's contacts: most people have one, some two or three, some none."""
    dice = Dice(seed, "contacts")
    drafts: list[tuple[int, Person, int]] = []
    for person in people:
        if dice.chance(0.07):
            continue
        copies = 1 + dice.chance(0.10) + dice.chance(0.02)
        drafts.append((person.joined, person, 0))
        for copy in range(1, copies):
            at = working_moment(dice, person.joined + int(dice.around(60) * DAY), person.firm.country.utc_offset_hours)
            if at < end:
                drafts.append((at, person, copy))
    drafts.sort(key=lambda draft: (draft[0], draft[1].key, draft[2]))
    records = []
    number = 101_000
    for at, person, copy in drafts:
        number += dice.between(1, 60)
        record = Record("contacts", str(number), [Change(at, _contact(dice, person, at, copy), by=person.firm.rep.id)])
        assert person.firm.record is not None
        record.links["companies"] = [person.firm.record.id]
        if dice.chance(0.007):
            record.log[0].values["email"] = record.log[0].values["email"].replace("@", dice.pick((" at ", "", ".")))
            dirt.append(Dirt("crm", "contacts", record.id, "email", "not_an_address", at))
        elif dice.chance(0.004):
            record.log[0].values["lastname"] = ""
            record.log[0].values["firstname"] = ""
            dirt.append(Dirt("crm", "contacts", record.id, "lastname", "empty_required", at))
        if dice.chance(0.3):
            later = _day(dice, at - at % DAY, end + DAY, person.firm.country)
            if at < later < end:
                record.log.append(Change(later, _touched(dice, person), by=person.firm.rep.id))
        if copy and dice.chance(0.12):  # somebody noticed the copy
            gone = working_moment(dice, at + int(dice.around(50) * DAY), person.firm.country.utc_offset_hours)
            record.archived_at = gone if record.log[-1].at < gone < end else None
        person.contacts.append(record)
        person.sightings.append(Sighting("crm", "contacts", record.id, at, record.log[0].values["email"]))
        records.append(record)
    return records


def _contact(dice: Dice, person: Person, at: int, copy: int) -> dict[str, str | None]:
    first, last, email, number = person.first, person.last, person.email, phone_as_typed(dice, person.phone)
    company: str | None = person.firm.name
    if copy:
        slip = dice.below(5)
        if slip == 0:
            first = NICKNAMES.get(first, first) if not person.is_chinese else person.latin[0]
            last = person.latin[1]
            email = person.private_email
        elif slip == 1:
            last = typo(dice, last)
            email = f"{plain(typo(dice, person.latin[0]))}.{plain(person.latin[1])}@{person.firm.domain}"
        elif slip == 2:
            first, last = person.latin
            email = person.email.upper()
        elif slip == 3:
            first, last = (last, first) if not person.is_chinese else person.latin
            email = f"{plain(person.latin[0])[0]}{plain(person.latin[1])}@{person.firm.domain}"
        else:
            company = None
            email = person.private_email
        if dice.chance(0.3):
            number = ""
    return {
        "email": email,
        "firstname": first,
        "lastname": last,
        "phone": number or None,
        "jobtitle": person.title if not copy or dice.chance(0.4) else None,
        "company": company,
        "associatedcompanyid": person.firm.record.id if person.firm.record else None,
        "country": person.firm.country.name,
        "city": person.firm.city,
        "hs_language": {"zh": "zh-cn"}.get(person.firm.country.language, person.firm.country.language),
        "lifecyclestage": dice.pick(("subscriber", "lead", "lead", "marketingqualifiedlead")),
        "hubspot_owner_id": person.firm.rep.id,
        "createdate": iso(at),
    }


def _touched(dice: Dice, person: Person) -> dict[str, str]:
    return dice.pick((
        {"phone": person.phone},
        {"jobtitle": dice.pick(TITLES_ZH if person.is_chinese else TITLES)},
        {"city": dice.pick(person.firm.country.cities)},
    ))  # fmt: skip


def page_records(seed: int, firms: list[Firm], end: int) -> list[Record]:
    """Entries of the public trade directory: two thirds of the firms, with some of their people."""
    dice = Dice(seed, "pages")
    records = []
    for firm in firms:
        if not dice.chance(0.66):
            continue
        slug = firm.domain.removesuffix(".example")
        listed = dice.some(firm.people, dice.between(0, 3))
        entries = [_listed(dice, person) for person in listed]
        at = firm.joined + dice.between(1, 20) * DAY
        if at >= end:
            continue
        values = {
            "slug": slug,
            "structured": dice.chance(0.5),
            "name": firm.name,
            "industry": firm.industry.replace("_", " ").capitalize(),
            "city": firm.city,
            "country": firm.country.name,
            "website": f"https://www.{firm.domain}/",
            "email": f"info@{firm.domain}",
            "phone": phone_as_typed(dice, phone(dice, firm.country.code)),
            "employees": firm.employees,
            "people": entries,
        }
        record = Record(SITE_ENTITY, slug, [Change(at, values)])
        if dice.chance(0.25):
            later = at + int(dice.around(90) * DAY)
            if later < end:
                record.log.append(Change(later, {"phone": phone_as_typed(dice, phone(dice, firm.country.code))}))
        firm.sightings.append(Sighting("site", "directory", slug, at))
        for place, person in enumerate(listed):
            shown = entries[place]
            person.sightings.append(Sighting("site", "people", f"{slug}#{place + 1}", at, shown["email"]))
        records.append(record)
    records.sort(key=lambda record: (record.created, record.id))
    return records


def _listed(dice: Dice, person: Person) -> dict[str, str | None]:
    first, last = person.first, person.last
    if not person.is_chinese and dice.chance(0.3):
        first = NICKNAMES.get(first, first)
    return {
        "name": full_name(first, last, person.is_chinese),
        "title": person.title,
        "email": person.email if dice.chance(0.85) else None,
        "phone": phone_as_typed(dice, person.phone) if dice.chance(0.7) else None,
    }

"""Orders from the web shop: a CSV file for each day that had any."""

import csv
import io
import os
from bisect import bisect_left, bisect_right
from pathlib import Path

from include.sandbox.catalog import PRODUCTS
from include.sandbox.dice import Dice, Weighted
from include.sandbox.hours import DAY, HOUR, day_of, seconds
from include.sandbox.model import Company, Dirt, OrderLine, Sighting
from include.sandbox.people import Person
from include.sandbox.seasons import NEW_TICKETS, ORDER_WEEK, Days, moment

COLUMNS = ("order_id", "line", "ordered_at", "customer_email", "customer_name", "sku", "product", "quantity",
           "unit_price", "currency", "country")  # fmt: skip


def make_orders(seed: int, people: list[Person], start: int, end: int, count: int, dirt: list[Dirt]) -> list[OrderLine]:
    """The lines of `count` orders, in order of time. Half of them come from a fifth of the people."""
    dice = Dice(seed, "orders")
    products = Weighted(PRODUCTS, [product.weight for product in PRODUCTS])
    days = Days(start, end, NEW_TICKETS, ORDER_WEEK)
    joined = [person.joined for person in people]
    placed = []
    for _ in range(count):
        day = days.draw(dice)
        known = bisect_left(joined, day)
        if not known:
            continue
        person = people[int(known * dice.roll() ** 2)]
        placed.append((moment(dice, day, person.firm.country.utc_offset_hours), person))
    placed.sort(key=lambda order: (order[0], order[1].key))
    lines = []
    seen: set[tuple[str, str]] = set()
    for number, (at, person) in enumerate(placed, 1):
        order_id = f"FW-{day_of(at):%y%m%d}-{number:05d}"
        email = person.private_email if dice.chance(0.12) else person.email
        if dice.chance(0.03):
            email = email.upper()
        if (person.key, email) not in seen:
            seen.add((person.key, email))
            person.sightings.append(Sighting("orders", "customers", email, at, email))
        country = person.firm.country
        for line in range(1, 1 + Weighted((1, 2, 3, 4), (62, 24, 10, 4)).draw(dice)):
            product = products.draw(dice)
            quantity = str(dice.between(1, 12 if product.price < 2000 else 2))
            price = product.price * country.per_usd * (96 + dice.below(5)) / 100
            if dice.chance(0.006):
                quantity = dice.pick(("two", "a dozen", "5 pcs", "n/a"))
                dirt.append(Dirt("orders", "orders", f"{order_id}/{line}", "quantity", "not_a_number", at))
            lines.append(
                OrderLine(order_id, line, at, email, person.name, product.sku, product.name, quantity, f"{price:.2f}",
                          country.currency, country.code)
            )  # fmt: skip
    return lines


def day_file(lines: list[OrderLine]) -> bytes:
    """The bytes of a day's file: UTF-8, comma, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for o in lines:
        writer.writerow(
            (o.order_id, o.line, seconds(o.at), o.email, o.name, o.sku, o.product, o.quantity, o.unit_price,
             o.currency, o.country)
        )  # fmt: skip
    return text.getvalue().encode()


def write_orders(company: Company, folder: Path, now: int) -> int:
    """Makes the folder hold exactly the files of the days that have ended by `now` (epoch ms).

    A file comes into place whole; one whose day lies ahead, as after the clock was turned back, is removed.
    Returns how many files there are. Only files named ``orders-YYYY-MM-DD.csv`` are touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    times = [order.at for order in company.orders]
    visible = company.orders[: bisect_right(times, now - now % DAY - 1)]
    wanted: dict[str, list[OrderLine]] = {}
    for order in visible:
        wanted.setdefault(f"orders-{day_of(order.at)}.csv", []).append(order)
    for path in folder.glob("orders-????-??-??.csv"):
        if path.name not in wanted:
            path.unlink()
    for name, lines in wanted.items():
        path = folder / name
        content = day_file(lines)
        if path.exists() and path.stat().st_size == len(content) and path.read_bytes() == content:
            continue
        part = folder / f".{name}.part"
        part.write_bytes(content)
        last = lines[-1].at - lines[-1].at % DAY + DAY + HOUR
        os.utime(part, (last / 1000, last / 1000))
        part.replace(path)
    return len(wanted)

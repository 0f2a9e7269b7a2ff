"""A million people who do not exist, and corrupted copies of some of them, as matching columns; the seed makes them.

Names, cities and firms are made of syllables and drawn by Zipf's law, so that some are everywhere and most are rare. A
third live in households that share address, telephone and family name: strangers to each other who must not be glued.
"""

from itertools import product

import numpy as np
import pyarrow as pa

from include.customers.cleaning.names import formal_names

GIVEN = [
    "william",
    "robert",
    "james",
    "richard",
    "john",
    "michael",
    "thomas",
    "joseph",
    "charles",
    "edward",
    "daniel",
    "matthew",
    "andrew",
    "anthony",
    "samuel",
    "benjamin",
    "alexander",
    "nicholas",
    "jonathan",
    "timothy",
    "gregory",
    "patrick",
    "stephen",
    "kenneth",
    "vincent",
    "lawrence",
    "raymond",
    "frederick",
    "theodore",
    "elizabeth",
    "margaret",
    "katherine",
    "jennifer",
    "rebecca",
    "samantha",
    "susan",
    "patricia",
    "deborah",
    "christine",
    "isabella",
    "caroline",
    "josephine",
    "frances",
    "victoria",
    "abigail",
    "alexandra",
    "jacqueline",
    "judith",
    "barbara",
    "pamela",
]
NICKNAMES = {
    "william": "bill", "robert": "bob", "james": "jim", "richard": "dick", "michael": "mike", "thomas": "tom",
    "joseph": "joe", "charles": "charlie", "edward": "ted", "daniel": "dan", "matthew": "matt", "andrew": "andy",
    "anthony": "tony", "samuel": "sam", "benjamin": "ben", "alexander": "alex", "nicholas": "nick",
    "jonathan": "jon", "timothy": "tim", "gregory": "greg", "stephen": "steve", "kenneth": "ken", "elizabeth": "liz",
    "margaret": "maggie", "katherine": "kate", "jennifer": "jenny", "rebecca": "becky", "samantha": "sam",
    "susan": "sue", "patricia": "pat", "deborah": "debbie", "victoria": "vicky", "frederick": "fred",
}  # fmt: skip
COLUMNS = (
    "given_key", "family_key", "email_key", "phone", "birth_date", "street_key", "house_number", "city_key", "postcode",
    "company_key", "domain",
)  # fmt: skip
HEADS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
VOWELS, TAILS = ("a", "e", "i", "o", "u", "ai", "ea"), ("", "", "n", "r", "l", "s", "ck", "th")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def people(originals: int, copies: int, seed: int = 1, first: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Records in random order, and for each the number of its person.

    :param first: number of the first record's id: another call's records can be told from these.
    :return: unique_id and the matching columns of clean_people that this makes; person.
    """
    rng = np.random.default_rng(seed)
    made = _originals(rng, originals)
    source = rng.integers(0, originals, copies)
    columns = {name: np.concatenate([made[name], made[name][source]]) for name in COLUMNS}
    _corrupt(rng, columns, np.arange(originals, originals + copies))
    order = rng.permutation(originals + copies)
    person = np.concatenate([np.arange(originals), source])[order]
    table = {name: pa.array(columns[name][order], pa.string()) for name in COLUMNS}
    given = table["given_key"].dictionary_encode()
    forms = pa.array([list(formal_names(name)) for name in given.dictionary.to_pylist()], pa.list_(pa.string()))
    mailbox = [
        email and "".join(letter for letter in email.split("@")[0] if letter.isalpha())
        for email in columns["email_key"][order]
    ]
    return (
        pa.table(
            {
                "unique_id": pa.array([f"r{number:08}" for number in range(first, first + len(order))]),
                **table,
                "given_forms": forms.take(given.indices),
                "email_name": pa.array(mailbox, pa.string()),
            }
        ),
        person,
    )


def _originals(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    given = np.array([*GIVEN, *_words(rng, 1_500, 3)], object)[_zipf(rng, 1_550, count, 0.7)]
    family = np.array(_words(rng, 40_000, 3), object)[_zipf(rng, 40_000, count, 0.75)]
    city = _zipf(rng, 3_000, count, 0.8)
    postcode = city * 40 + rng.integers(0, 40, count)
    street = rng.integers(0, 8_000, count)
    number = rng.integers(1, 200, count)
    phone = rng.integers(10**9, 10**10, count)
    # one in six lives with the one before: same family, same place, same telephone
    home = np.flatnonzero(rng.random(count) < 1 / 6)
    home = home[home > 0]
    for shared in (family, city, postcode, street, number, phone):
        shared[home] = shared[home - 1]
    firm = _zipf(rng, 30_000, count, 0.6)
    firms, cities, streets = (
        np.array(_words(rng, many, size), object) for many, size in ((30_000, 4), (3_000, 3), (8_000, 3))
    )
    day = np.datetime64("1940-01-01") + rng.integers(0, 25_000, count)
    email = [
        (f"{g[0]}{f}" if row % 3 == 0 else f"{g}{f}" if row % 3 == 1 else f"{g}{f[0]}")
        + f"{row % 97}@mail{row // 97}.example"
        for row, (g, f) in enumerate(zip(given, family, strict=True))
    ]
    made = {
        "given_key": given, "family_key": family, "email_key": np.array(email, object),
        "phone": np.array([f"+44{one}" for one in phone], object), "birth_date": day.astype(str).astype(object),
        "street_key": streets[street], "house_number": number.astype(str).astype(object), "city_key": cities[city],
        "postcode": np.array([f"{one:06}" for one in postcode], object), "company_key": firms[firm],
        "domain": np.array([f"{one}.example" for one in firms[firm]], object),
    }  # fmt: skip
    for name, share in (
        ("email_key", 0.15),
        ("phone", 0.2),
        ("birth_date", 0.25),
        ("company_key", 0.5),
        ("street_key", 0.1),
    ):
        _blank(made, name, np.flatnonzero(rng.random(count) < share))
    return made


def _corrupt(rng: np.random.Generator, columns: dict[str, np.ndarray], copies: np.ndarray) -> None:
    """Typing errors, swapped and short names, missing fields, another telephone or mailbox, another home."""

    def some(share: float) -> np.ndarray:
        return copies[rng.random(len(copies)) < share]

    short = [row for row in some(0.4) if columns["given_key"][row] in NICKNAMES]
    columns["given_key"][short] = [NICKNAMES[name] for name in columns["given_key"][short]]
    for name, share in (
        ("given_key", 0.12),
        ("family_key", 0.12),
        ("street_key", 0.10),
        ("city_key", 0.05),
        ("email_key", 0.04),
    ):
        rows = some(share)
        columns[name][rows] = [_typed(rng, text) for text in columns[name][rows]]
    for name, share in (("birth_date", 0.04), ("phone", 0.04)):
        rows = some(share)
        columns[name][rows] = [_typed(rng, text, "0123456789", 3) for text in columns[name][rows]]
    swapped = some(0.03)
    given, family = columns["given_key"][swapped], columns["family_key"][swapped]
    columns["given_key"][swapped], columns["family_key"][swapped] = family, given
    rows = some(0.15)
    columns["phone"][rows] = [f"+44{one}" for one in rng.integers(10**9, 10**10, len(rows))]
    rows = some(0.15)
    columns["email_key"][rows] = [
        f"{given or 'x'}{row % 97}@post{row}.example"
        for given, row in zip(columns["given_key"][rows], rows, strict=True)
    ]
    moved, homes = some(0.12), rng.permutation(len(columns["city_key"]))
    for name in ("street_key", "house_number", "city_key", "postcode"):
        columns[name][moved] = columns[name][homes[: len(moved)]]
    missing = {"given_key": 0.03, "postcode": 0.1, "street_key": 0.1, "company_key": 0.2}
    for name, share in {**missing, "birth_date": 0.1, "phone": 0.1, "email_key": 0.1}.items():
        _blank(columns, name, some(share))


def _blank(columns: dict[str, np.ndarray], name: str, rows: np.ndarray) -> None:
    together = {"company_key": ("company_key", "domain"), "street_key": ("street_key", "house_number")}
    for one in together.get(name, (name,)):
        columns[one][rows] = None


def _typed(rng: np.random.Generator, text: str | None, letters: str = LETTERS, start: int = 0) -> str | None:
    """The text with one letter left out, put in, changed, or two of them swapped; from ``start`` on."""
    if text is None or len(text) < start + 2:
        return text
    at, kind = int(rng.integers(start, len(text) - 1)), rng.integers(0, 4)
    letter = letters[rng.integers(0, len(letters))]
    if kind == 0 and len(text) > 3:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + letter + text[at:]
    if kind == 2:
        return text[:at] + letter + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _words(rng: np.random.Generator, count: int, syllables: int) -> list[str]:
    """So many different made-up words, of so many syllables or one less."""
    sounds = ["".join(parts) for parts in product(HEADS, VOWELS, TAILS)]
    words: dict[str, None] = {}
    while len(words) < count:
        skipped = (rng.random(count) < 0.3).astype(int).tolist()
        drawn = rng.integers(0, len(sounds), (count, syllables)).tolist()
        words |= {"".join(sounds[one] for one in row[skip:]): None for row, skip in zip(drawn, skipped, strict=True)}
    return list(words)[:count]


def _zipf(rng: np.random.Generator, many: int, count: int, exponent: float) -> np.ndarray:
    """Draws of 0 to ``many`` - 1, the k-th as likely as k to the power of minus ``exponent``."""
    weight = np.arange(1, many + 1) ** -exponent
    return rng.choice(many, count, p=weight / weight.sum())

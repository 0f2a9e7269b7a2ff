"""Finding a customer by name, e-mail address, telephone number, company or id, among millions at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from include.customers.cleaning.emails import clean_email, email_key
from include.customers.cleaning.phones import clean_phone
from include.customers.cleaning.text import ascii_fold, key, tidy
from include.settings import SQL

MOST_WORDS = 8
# A word that very many customers have finds some of them, not the best: there is no best among ten thousand Smiths.
CANDIDATES = 500
NEAREST = 100
LEAST_DIGITS = 5
LIKENESS = 0.6  # word similarity of pg_trgm, from which a misspelt name is found
LABELS = {"full_name": "name", "email": "e-mail", "phone": "telephone", "company_name": "company"}

_PHONE = re.compile(r"[\d\s()+./-]+")


@dataclass(frozen=True)
class Hit:
    """A customer that was found.

    ``reasons`` say by what: ``e-mail ann@acme.example``, ``name like Ann Lee``; ``is_exact`` is whether an id, an
    address or a number was theirs to the letter.
    """

    customer_id: str
    full_name: str | None
    email: str | None
    phone: str | None
    company_name: str | None
    last_touch_at: datetime | None
    is_exact: bool
    reasons: tuple[str, ...]


def search(connection: psycopg.Connection, text: str, most: int = 20) -> list[Hit]:
    """The customers that a text names, the likeliest first.

    A customer's id, any they ever had; a company's; a source's record (``source:key``, or the key alone); a whole
    e-mail address or telephone number: whose it is, and nobody else. Else the customers in whose names, addresses,
    numbers and companies, now or earlier, each word is found: as a whole, else as the beginning of one, else nearly.

    :param connection: to the warehouse, with the customers' marts built.
    :param most: how many customers at most.
    """
    typed = tidy(text)
    if not typed or most < 1:
        return []
    with connection.transaction():
        # compiling a statement takes longer than running it, and how many rows match a pattern no planner guesses
        connection.execute(
            "select set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),"
            " set_config('pg_trgm.word_similarity_threshold', %s, true),"
            " set_config('search_path', extnamespace::regnamespace::text, true)"
            " from pg_extension where extname = 'pg_trgm'",
            [str(LIKENESS)],
        )
        reasons = _exact(connection, typed, most)
        if reasons:
            return _hits(connection, list(reasons), reasons, is_exact=True)
        found, folded = _by_words(connection, typed, most)
        return _hits(connection, found, _reasons(connection, found, folded), is_exact=False)


def _exact(connection: psycopg.Connection, typed: str, most: int) -> dict[str, tuple[str, ...]]:
    email = clean_email(typed).value
    keys = {email.lower(), email_key(email)} if email else {clean_phone(typed).value}
    rows = connection.execute(
        (SQL / "report" / "customer_search_exact.sql").read_bytes(),
        {"text": typed, "id": typed.lower(), "keys": [k for k in keys if k], "most": most},
    )
    return {customer_id: tuple(reasons) for customer_id, reasons in rows}


def _by_words(connection: psycopg.Connection, typed: str, most: int) -> tuple[list[str], str]:
    """The customers, and what was typed as it was searched for."""
    # what follows an @ is much like the address of half the world, so it is no help in finding a misspelt one
    row = connection.execute(
        "select btrim(mart.search_words(%(text)s)), btrim(mart.search_words(split_part(%(text)s, '@', 1)))",
        {"text": typed},
    ).fetchone()
    assert row
    folded, mailbox = row
    digits = re.sub(r"\D", "", typed).lstrip("0")
    if _PHONE.fullmatch(typed) and len(digits) >= LEAST_DIGITS:
        return _matching(connection, _contains([[f"%{digits}%"]]), digits, most), digits
    words = folded.split()[:MOST_WORDS]
    if not words:
        return [], folded
    # as typed, and as a name's key has it: Mueller is muller, 小明 is xiaoming
    spellings = [sorted({word, key(word) or word}) for word in words]
    for form in ("% {} %", "% {}%"):
        condition = _contains([[form.format(spelling) for spelling in word] for word in spellings])
        if found := _matching(connection, condition, folded, most):
            return found, folded
    nearly = mailbox or folded
    return _matching(connection, sql.SQL("{} <% words").format(sql.Literal(nearly)), nearly, most, is_near=True), nearly


def _contains(words: Sequence[Sequence[str]]) -> sql.Composed:
    """Of every word one of its patterns; each by itself, since only so the index is used."""
    return sql.SQL(" and ").join(
        sql.SQL("({})").format(
            sql.SQL(" or ").join(sql.SQL("words like {}").format(sql.Literal(pattern)) for pattern in patterns)
        )
        for patterns in words
    )


def _matching(
    connection: psycopg.Connection, condition: sql.Composed, folded: str, most: int, *, is_near: bool = False
) -> list[str]:
    """The customers whose words meet a condition; those whose name is most like what was typed come first.

    :param is_near: the condition is a likeness: of all who meet it, the likest.
    """
    likest = sql.SQL("order by word_similarity({}, words) desc").format(sql.Literal(folded)) if is_near else sql.SQL("")
    rows = connection.execute(
        sql.SQL(
            "with candidate as (select customer_id, words from mart.customer_search where {condition} {likest}"
            " limit {candidates})"
            " select c.customer_id from candidate as s inner join mart.customer_360 as c"
            " on s.customer_id = c.customer_id"
            " order by similarity(mart.search_words(c.full_name), {folded}) desc nulls last,"
            " word_similarity({folded}, s.words) desc, c.last_touch_at desc nulls last, c.customer_id limit {most}"
        ).format(
            condition=condition, likest=likest, folded=sql.Literal(folded), most=sql.Literal(most),
            candidates=sql.Literal(max(NEAREST if is_near else CANDIDATES, most)),
        )
    )  # fmt: skip
    return [row[0] for row in rows]


def _reasons(connection: psycopg.Connection, found: list[str], folded: str) -> dict[str, tuple[str, ...]]:
    """Customer → the values in which a word that was typed is found, else the one most like it."""
    from rapidfuzz.fuzz import partial_ratio

    told: dict[str, list[tuple[str, str]]] = {}
    rows = connection.execute((SQL / "report" / "customer_search_values.sql").read_bytes(), {"customer_ids": found})
    for customer_id, field, value in rows:
        told.setdefault(customer_id, []).append((LABELS[field], value))
    spellings = {
        f" {spelling}" for word in folded.split() for spelling in (ascii_fold(word).strip(), key(word) or word)
    }
    reasons = {}
    for customer_id, values in told.items():
        words = {value: " " + re.sub(r"\W+|_", " ", ascii_fold(value)) for _, value in values}
        by = [
            f"{label} {value}"
            for label, value in values
            if any(spelling in words[value] for spelling in spellings)
            or any(word in value for word in folded.split())
            or any(f" {key(part)}".startswith(spelling) for part in value.split() for spelling in spellings)
        ]
        if not by and values:
            plain = ascii_fold(folded)
            label, value = max(values, key=lambda one: partial_ratio(plain, words[one[1]]))
            by = [f"{label} like {value}"]
        reasons[customer_id] = tuple(by)
    return reasons


def _hits(
    connection: psycopg.Connection, found: list[str], reasons: dict[str, tuple[str, ...]], *, is_exact: bool
) -> list[Hit]:
    cursor = connection.cursor(row_factory=dict_row)
    rows = cursor.execute(
        "select customer_id, full_name, email, phone, company_name, last_touch_at from mart.customer_360"
        " where customer_id = any(%s)",
        [found],
    )
    hits = {
        row["customer_id"]: Hit(**row, is_exact=is_exact, reasons=reasons.get(row["customer_id"], ())) for row in rows
    }
    return [hits[customer_id] for customer_id in found]

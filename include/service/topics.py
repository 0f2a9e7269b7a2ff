"""mart.ticket_topic and mart.service_topic: what tickets are about, by what customers write in them.

The topics are found once a month in what had been written by the end of the month before, for each language apart.
Tickets are vectors of TF-IDF weights, reduced by singular value decomposition (latent semantic analysis, Deerwester et
al. 1990), and clustered by k-means. What is kept of a topic is the mean of its tickets' weights: a ticket belongs to
the topic whose mean is nearest by the cosine (Rocchio 1971). Only words that several tickets of several customers have
in common are looked at and kept.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg

from include.models.calendar import last_month_end
from include.models.clusters import FEWEST, SEED, choose, nearest
from include.models.runs import Fitted, Training, fit_once, rough_size
from include.replies.text import message_text, normal_form
from include.service.language import SMALL_WORDS, language_of
from include.settings import SQL
from include.window import Window

SAMPLE = 20_000  # tickets of the year that topics are found in
FEWEST_TICKETS, FEWEST_CUSTOMERS = 5, 3  # that a word has to be in
MOST_WORDS = 4_000  # of a language, the most common ones
COMMON = 0.5  # a word that more of the tickets have tells none apart
DIMENSIONS = 20  # of more, most are noise: clusters do not come out again
STARTS = 6
NUMBERS = (3, 5, 7, 10, 13, 16, 20, 25, 30, 40)
KEPT = 200  # words of a topic, the weightiest
TELLING, NAMED = 8, 3
LIKENESS = 0.1  # a ticket less like every topic, by the cosine, is in none
# A topic is new when so many of its tickets of the year came in the last days, while of all no more than half did.
NEW, LAST_DAYS, OLD = 0.8, 31, 0.5
DAYS = 90
BATCH = 5_000
OTHER = "other"

SETTINGS = {
    "sample": SAMPLE, "fewest_tickets": FEWEST_TICKETS, "fewest_customers": FEWEST_CUSTOMERS, "words": MOST_WORDS,
    "dimensions": DIMENSIONS, "fewest": FEWEST,
}  # fmt: skip

# Chinese and Japanese have no spaces: their words are taken to be two letters long.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+|[^\W\d_\u3040-\u30ff\u3400-\u9fff]{2,30}(?:['’][a-z]{1,3})?")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# what normal_form has put for numbers, addresses and links
_STANDINS = frozenset(("number", "mailbox", "link"))

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Topic:
    """What some tickets are about.

    :param name: its first telling words.
    :param words: its telling words, the most telling first.
    :param weights: word → weight in the mean of its tickets; the squares sum to 1.
    :param is_new: whether nearly all of its tickets came in the last month.
    """

    name: str
    words: tuple[str, ...]
    weights: dict[str, float]
    is_new: bool


@dataclass(frozen=True)
class Topics:
    """The topics of one language.

    :param language: BCP 47.
    :param idf: word → inverse document frequency, of all words that are looked at.
    """

    language: str
    idf: dict[str, float]
    topics: tuple[Topic, ...]

    def place(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """The topic of each text, and how like it the text is; OTHER for one that is like none."""
        if not texts:
            return []
        words = {word: column for column, word in enumerate(self.idf)}
        counts = _counts([terms(text, self.language) for text in texts], words)
        weights = _weights(counts, np.array([*self.idf.values()]))
        means = np.zeros((len(words), len(self.topics)))
        for column, topic in enumerate(self.topics):
            for word, weight in topic.weights.items():
                means[words[word], column] = weight
        likeness = weights @ means
        best = likeness.argmax(axis=1)
        return [
            (self.topics[column].name if row[column] >= LIKENESS else OTHER, float(row[column]))
            for column, row in zip(best, likeness, strict=True)
        ]

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Topics":
        """What ``asdict`` made of topics, after a way through JSON."""
        topics = tuple(Topic(**{**topic, "words": tuple(topic["words"])}) for topic in kept["topics"])
        return cls(kept["language"], kept["idf"], topics)


def tell_topics(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the topic of every ticket of the last 90 days, and how the topics of the month fare.

    :param connection: in a transaction of its own, after the service marts are built.
    """
    run_id, by_language = _fit(connection, last_month_end(last_day))
    first_day = last_day - timedelta(days=DAYS - 1)
    connection.execute(
        (SQL / "service" / "topic_gone.sql").read_bytes(), {"first_day": first_day, "model_run_id": run_id}
    )
    connection.execute("delete from mart.service_topic")
    if not by_language:
        return
    # a month's first run reads the texts of all its tickets: they stay in the server until their turn comes
    with connection.cursor("new_text") as found:
        found.execute((SQL / "service" / "new_text.sql").read_bytes(), {"first_day": first_day, "last_day": last_day})
        while rows := found.fetchmany(BATCH):
            _assign(connection, run_id, by_language, rows)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into mart.service_topic (language, topic, known_to, words, is_new, model_run_id)"
            " values (%s, %s, %s, %s, %s, %s)",
            [
                (language, topic.name, last_day, list(topic.words), topic.is_new, run_id)
                for language, topics in sorted(by_language.items())
                for topic in topics.topics
            ],
        )
    connection.execute((SQL / "mart" / "service_topic.sql").read_bytes())


def terms(text: str, language: str) -> list[str]:
    """The words of a text and its pairs of neighbours, without small words; of Chinese, two and three letters each."""
    found: list[str] = []
    words: list[str] = []
    for word in _WORDS.findall(normal_form(text)):
        if _SPACELESS.match(word):
            found += [word[at : at + length] for length in (2, 3) for at in range(len(word) - length + 1)]
        elif word not in _STANDINS:
            words.append(word.replace("’", "'"))
    small = SMALL_WORDS.get(language, frozenset())
    found += [word for word in words if word not in small]
    return found + [f"{one} {other}" for one, other in pairwise(words) if one not in small and other not in small]


def fit(
    texts: Sequence[str], customers: Sequence[str], is_late: Sequence[bool], language: str
) -> tuple[Topics | None, list[dict[str, float]]]:
    """The topics of texts in one language, and how good each number of topics is; None when there are none to tell.

    :param texts: what customers wrote, in an order of their own.
    :param customers: whose each text is.
    :param is_late: whether it came in the last month.
    """
    from sklearn.decomposition import TruncatedSVD

    told = [terms(text, language) for text in texts]
    words = _common(told, customers)
    if len(words) < 2 or len(texts) < FEWEST:
        return None, []
    columns = {word: place for place, word in enumerate(words)}
    counts = _counts(told, columns)
    has = counts.astype(bool)
    # as if one more text had every word (smoothed, as in scikit-learn)
    idf = np.log((1 + len(texts)) / (1 + np.asarray(has.sum(axis=0)).ravel())) + 1
    weights = _weights(counts, idf)
    svd = TruncatedSVD(min(DIMENSIONS, len(words) - 1), random_state=SEED)
    points = svd.fit_transform(weights)
    # the same words in another order are one point
    points = (points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)).round(6)
    centres, scores = choose(points, NUMBERS, STARTS)
    if centres is None:
        return None, scores
    label, late = nearest(points, centres), np.array(is_late, dtype=bool)
    topics = []
    names: list[str] = []
    for number in range(len(centres)):
        inside = label == number
        telling = _telling(words, has, inside) if inside.any() else []
        if not telling:  # what sets these tickets apart is in too few of them
            continue
        name = ", ".join(telling[:NAMED])
        name = f"{name} {names.count(name) + 1}" if name in names else name
        names.append(", ".join(telling[:NAMED]))
        is_new = bool(late.mean() <= OLD and late[inside].mean() >= NEW)
        topics.append(Topic(name, tuple(telling), _mean(words, weights, inside), is_new))
    return Topics(language, dict(zip(words, idf.round(4).tolist(), strict=True)), tuple(topics)), scores


def _fit(connection: psycopg.Connection, month_end: date) -> tuple[str, dict[str, Topics]]:
    """The topics by language of what had been written by the end of a month, from the book when they are there."""
    window = Window.between(month_end - timedelta(days=364), month_end)
    bounds = {"window_start": window.start, "window_end": window.end}
    row = connection.execute(
        "select count(*) from mart.ticket where created_at >= %(window_start)s and created_at < %(window_end)s", bounds
    ).fetchone()
    rows = row[0] if row else 0
    training = Training("topics", "tickets", window.start, window.end, SETTINGS, rough_size(rows), rows)

    def fit_all() -> Fitted:
        by_language: dict[str, list[tuple[str, str, bool]]] = {}
        sample = connection.execute((SQL / "service" / "text_sample.sql").read_bytes(), {**bounds, "sample": SAMPLE})
        late_from = window.end - timedelta(days=LAST_DAYS)
        for customer, created_at, subject, body in sample:
            text = message_text(body, subject)
            if language := language_of(text):
                by_language.setdefault(language, []).append((text, customer, created_at >= late_from))
        found, tried = {}, {}
        for language, mine in sorted(by_language.items()):
            texts, customers, is_late = zip(*mine, strict=True)
            topics, scores = fit(texts, customers, is_late, language)
            tried[language] = {"tickets": len(mine), "tried": scores, "topics": len(topics.topics) if topics else 0}
            if topics:
                found[language] = asdict(topics)
        if not found:
            reason = f"no language has {FEWEST} tickets of which a number of topics comes out again in samples of them"
            return Fitted(None, {"reason": reason, "languages": tried})
        return Fitted(found, {"languages": tried})

    parameters = fit_once(connection, training, fit_all).parameters or {}
    return training.model_run_id, {language: Topics.from_json(kept) for language, kept in parameters.items()}


def _assign(
    connection: psycopg.Connection, run_id: str, by_language: dict[str, Topics], rows: Sequence[tuple[Any, ...]]
) -> None:  # fmt: skip
    texts = [message_text(body, subject) for _, _, subject, body in rows]
    languages = [language_of(text) for text in texts]
    placed: list[tuple[str, float]] = [(OTHER, 0.0)] * len(rows)
    for language, topics in by_language.items():
        mine = [place for place, told in enumerate(languages) if told == language]
        for place, found in zip(mine, topics.place([texts[place] for place in mine]), strict=True):
            placed[place] = found
    with connection.cursor().copy(
        "copy mart.ticket_topic (source, ticket_id, language, topic, likeness, model_run_id) from stdin"
    ) as copy:
        for row, told, (topic, likeness) in zip(rows, languages, placed, strict=True):
            copy.write_row((row[0], row[1], told, topic, round(likeness, 4), run_id))


def _common(told: Sequence[Sequence[str]], customers: Sequence[str]) -> list[str]:
    """The words that enough tickets of enough customers have, and not most of all; at most MOST_WORDS of them."""
    tickets: Counter[str] = Counter()
    whose: dict[str, set[str]] = {}
    for found, customer in zip(told, customers, strict=True):
        for word in set(found):
            tickets[word] += 1
            known = whose.setdefault(word, set())
            if len(known) < FEWEST_CUSTOMERS:
                known.add(customer)
    kept = [
        word
        for word, count in tickets.items()
        if count >= FEWEST_TICKETS and len(whose[word]) >= FEWEST_CUSTOMERS and count <= COMMON * len(told)
    ]
    return sorted(sorted(kept, key=lambda word: (-tickets[word], word))[:MOST_WORDS])


def _counts(told: Sequence[Sequence[str]], columns: Mapping[str, int]) -> Any:
    """How often each text has each word: a sparse matrix, a row a text."""
    from scipy.sparse import csr_matrix

    places = [columns[word] for found in told for word in found if word in columns]
    lengths = [sum(word in columns for word in found) for found in told]
    ends = np.concatenate(([0], np.cumsum(lengths)))
    # the same word twice in a row is summed
    counts = csr_matrix((np.ones(len(places)), np.array(places, dtype=int), ends), shape=(len(told), len(columns)))
    counts.sum_duplicates()
    return counts


def _weights(counts: Any, idf: Array) -> Any:
    """TF-IDF: (1 + log of the count) × idf, each row of length 1, or 0 without a word."""
    from scipy.sparse import diags

    weights = counts.copy()
    weights.data = 1 + np.log(weights.data)
    weights = weights @ diags(idf)
    length = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    return diags(1 / np.where(length > 0, length, 1)) @ weights


def _telling(words: Sequence[str], has: Any, inside: Array) -> list[str]:
    """The words that tell most of what sets the tickets inside apart: share × log of the shares' ratio, inside to out.

    That is the word's part of the divergence of the shares (Kullback and Leibler 1951). A word that says no more than
    one before it, as a part of it or with one more, is left out.
    """
    there, elsewhere = (np.asarray(has[rows].sum(axis=0)).ravel() for rows in (inside, ~inside))
    own = there / inside.sum()
    others = (elsewhere + 0.5) / ((~inside).sum() + 1)
    score = np.where((own > others) & (there >= FEWEST_TICKETS), own * np.log(np.maximum(own, 1e-9) / others), 0.0)
    told: list[str] = []
    for place in np.argsort(-score, kind="stable"):
        if score[place] <= 0 or len(told) == TELLING:
            break
        if not any(_repeats(words[place], other) for other in told):
            told.append(words[place])
    return told


def _repeats(one: str, other: str) -> bool:
    """Whether one is in the other; letters in common are enough where words have no spaces."""
    if _SPACELESS.match(one):
        return one in other or other in one
    return bool(set(one.split()) & set(other.split()))


def _mean(words: Sequence[str], weights: Any, inside: Array) -> dict[str, float]:
    mean = np.asarray(weights[inside].mean(axis=0)).ravel()
    kept = np.argsort(-mean, kind="stable")[:KEPT]
    kept = np.sort(kept[mean[kept] > 0])
    length = np.linalg.norm(mean[kept])
    return {words[place]: round(float(mean[place] / length), 4) for place in kept}

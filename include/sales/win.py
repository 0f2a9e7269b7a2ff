"""mart.deal_outlook, mart.lead_outlook: the chance of each open deal to be won, of a lead to be converted, and why.

The model learns from deals as they stood on Sundays of the past, each with what was known of it then: its stage and for
how long, its age, what was done lately, and how often its rep, product, source and company had won by then. The amount
and the expected close date are left out: a source that keeps no history of them tells only what they became.

It is judged on later deals than it learned from, beside the share of deals of each stage that were won. Below a number
of closed deals, or where it does no better, that share is the chance that is told. Leads are told of in the same way:
in this module a deal is a lead as well, and to be won is to be converted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from include.models.calendar import last_month_end
from include.models.runs import Fitted, Training, fit_once
from include.settings import SQL
from include.window import Window

Array = np.ndarray[Any, np.dtype[Any]]

FEWEST_CLOSED = 200
# Snapshots of the last quarter of the time are what a model that learned from those before is judged on.
LATER = 0.25
# Snapshots of the overall rate that stand behind the rate of a stage, rep, product, source or company.
DOUBT = 10.0
# Where a feature's effect may bend; it is level beyond the first and last, so that an outlier says no more than they.
BENDS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
BINS = 10
REASONS = 3
# Log-odds below which a feature is no reason.
SPEAKS = 0.1
OLDEST = 104  # weeks
# No deal is told to be surely lost, or won.
SUREST = 0.01

# Two features of one thing, which are told together.
STAY = ("longer in its stage than is usual there", "still within the usual stay in its stage")
TIMES = {
    "age_days": ("older than most", "younger than most"),
    "days_in_stage": STAY,
    "stay": STAY,
}
TOUCHES = {
    "activities": ("much was done lately", "little was done lately"),
    "silent_days": ("silent for long", "in touch lately"),
}


@dataclass(frozen=True)
class Subject:
    """What chances are told of; its statements in sql/sales have its kind in their names.

    :param kind: deal, or lead.
    :param model: the name of its model in ops.model_run.
    :param numbers: the columns of its snapshots that are features as they are.
    :param members: those whose share of wins so far, less that of all, is the feature.
    :param features: every feature with the reason that a high, and a low, value of it is.
    """

    kind: str
    model: str
    numbers: tuple[str, ...]
    members: tuple[str, ...]
    features: dict[str, tuple[str, str]]


DEALS = Subject(
    "deal",
    "win_probability",
    ("age_days", "days_in_stage", "back_moves", "activities", "silent_days"),
    ("rep_id", "product_name", "lead_source", "company_id"),
    {
        **TIMES,
        "back_moves": ("went back a stage", "never went back a stage"),
        **TOUCHES,
        "rep_id": ("its rep wins often", "its rep wins seldom"),
        "product_name": ("its product is won often", "its product is won seldom"),
        "lead_source": ("its source is won often", "its source is won seldom"),
        "company_id": ("its company has bought before", "its company has said no before"),
    },
)
LEADS = Subject(
    "lead",
    "conversion_probability",
    ("age_days", "days_in_stage", "activities", "silent_days"),
    ("rep_id", "lead_source"),
    {
        **TIMES,
        **TOUCHES,
        "rep_id": ("its rep converts often", "its rep converts seldom"),
        "lead_source": ("its source is converted often", "its source is converted seldom"),
    },
)
TREATMENT = {
    "missing": "silence without any activity is the deal's age; a member without ended deals is as good as all",
    "outliers": "level below the 1st and above the 99th percentile",
    "scaling": "piecewise linear between the percentiles 1, 10, 25, 50, 75, 90, 99",
}


@dataclass(frozen=True)
class Snapshots:
    """Deals at instants, one row each.

    :param at, closed_at: seconds since 1970; ``closed_at`` and ``is_won`` are NaN for deals that are still open.
    :param values: a column a feature but ``stay``.
    """

    keys: list[tuple[str, str]]
    at: Array
    closed_at: Array
    is_won: Array
    stage: Array
    values: dict[str, Array]

    def where(self, chosen: Array) -> "Snapshots":
        """Those rows."""
        return Snapshots(
            [self.keys[place] for place in np.flatnonzero(chosen)], self.at[chosen], self.closed_at[chosen],
            self.is_won[chosen], self.stage[chosen], {name: column[chosen] for name, column in self.values.items()},
        )  # fmt: skip


@dataclass(frozen=True)
class WinModel:
    """Chances by a generalised additive model: log-odds are a sum of one bent line a feature (Hastie, Tibshirani 1990).

    :param method: ``model``, or ``stage_rate`` for the rates of the stages alone.
    :param stages: share won in the end of the deals that were open in each stage; ``overall`` that of all.
    :param usual_days: median time in each stage so far, of the deals that were in it.
    :param lines: feature → where its line bends, and the log-odds there, 0 on average.
    :param stage_odds: log-odds of each stage, 0 on average.
    """

    method: str
    stages: dict[str, float]
    overall: float
    usual_days: dict[str, float] = field(default_factory=dict)
    lines: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    stage_odds: dict[str, float] = field(default_factory=dict)
    intercept: float = 0.0

    def stage_rate(self, stage: Array) -> Array:
        """The share won of the deals of each stage; of a stage that was never seen, of all."""
        return np.array([self.stages.get(name, self.overall) for name in stage])

    def parts(self, deals: Snapshots) -> dict[str, Array]:
        """What the stage and each feature add to the log-odds of each deal."""
        columns = deals.values | {"stay": self._stay(deals)}
        found = {"stage": np.array([self.stage_odds.get(name, 0.0) for name in deals.stage])}
        return found | {name: np.interp(columns[name], *line) for name, line in self.lines.items()}

    def chance(self, deals: Snapshots) -> Array:
        """The chance of each deal to be won in the end."""
        if self.method == "stage_rate":
            return np.clip(self.stage_rate(deals.stage), SUREST, 1 - SUREST)
        odds = sum(self.parts(deals).values(), np.full(len(deals.at), self.intercept))
        return np.clip(1 / (1 + np.exp(-odds)), SUREST, 1 - SUREST)

    def reasons(self, deals: Snapshots, features: Mapping[str, tuple[str, str]]) -> list[list[str]]:
        """For each deal what moves its chance most, the strongest first."""
        if self.method == "stage_rate":
            return [[f"stage {stage}"] for stage in deals.stage]
        parts = self.parts(deals)
        # both are about the time in its stage, and only together do they say what that time does
        parts["stay"] = parts["stay"] + parts.pop("days_in_stage")
        names = list(parts)
        odds = np.column_stack(list(parts.values()))
        columns = deals.values | {"stay": self._stay(deals)}
        is_high = {name: columns[name] >= bends[len(bends) // 2] for name, (bends, _) in self.lines.items()}
        told = []
        for row, places in enumerate(np.argsort(-np.abs(odds), axis=1)[:, :REASONS]):
            said = []
            for name, part in ((names[place], odds[row, place]) for place in places):
                if abs(part) >= SPEAKS:
                    what = f"stage {deals.stage[row]}" if name == "stage" else features[name][not is_high[name][row]]
                    said.append(f"{'+' if part > 0 else '-'} {what}")
            told.append(said)
        return told

    def _stay(self, deals: Snapshots) -> Array:
        # of a stage that was never seen, as after a first load of a source that keeps no history, that of the others
        other = float(np.median([*self.usual_days.values()]))
        usual = np.array([self.usual_days.get(name, other) for name in deals.stage])
        return deals.values["days_in_stage"] / (usual + 1)


def tell_outlook(connection: psycopg.Connection, last_day: date) -> None:
    """Tell every open deal's chance, and every open lead's, as of a day.

    By the model of what had happened by the end of the month before.

    :param connection: in the transaction that builds the sales marts.
    """
    for subject in (DEALS, LEADS):
        _tell(connection, subject, last_day)


def _tell(connection: psycopg.Connection, subject: Subject, last_day: date) -> None:
    days = {"known_to": last_month_end(last_day), "last_day": last_day}
    ends = _ends(connection, subject)
    present = _snapshots(connection, subject, "present", ends, days)
    connection.execute(f"delete from mart.{subject.kind}_outlook")  # noqa: S608
    if not present.keys:
        return
    run_id, model = _model(connection, subject, ends, days)
    if not model.stages:  # no end is known of any: whatever was told would be made up
        return
    connection.execute(
        "create temp table outlook (source text, id text, stage_name text, days_in_stage float8, chance float8,"
        " stage_rate float8, reasons text []) on commit drop"
    )
    told = (
        present.stage.tolist(), present.values["days_in_stage"].tolist(), model.chance(present).tolist(),
        model.stage_rate(present.stage).tolist(), model.reasons(present, subject.features),
    )  # fmt: skip
    with connection.cursor().copy("copy outlook from stdin") as copy:
        for key, *row in zip(present.keys, *told, strict=True):
            copy.write_row((*key, *row))
    if subject is DEALS:
        _write_likely_months(connection, last_day)
    _run(connection, f"mart/{subject.kind}_outlook", days | {"method": model.method, "model_run_id": run_id})
    connection.execute("drop table if exists outlook, likely_month")


@dataclass(frozen=True)
class Ends:
    """Wins and losses in the order of time, of all and of each member (rep, say): how often each had won by when.

    :param codes: number by member; ``code``, ``at`` and ``won`` are of each end, ordered by member and time.
    :param all_at, all_won: of each end, ordered by time.
    """

    codes: dict[str, int]
    code: Array
    at: Array
    won: Array
    all_at: Array
    all_won: Array

    def rates(self, members: Array, at: Array) -> Array:
        """Share won of what each member had closed before an instant, less that of all by then.

        It is held to that of all while it is little.
        """
        everyone = np.searchsorted(self.all_at, at, "left")
        overall = (np.concatenate(([0.0], np.cumsum(self.all_won)))[everyone] + DOUBT / 2) / (everyone + DOUBT)
        asked = np.array([self.codes.get(member, -1) for member in members], dtype=float)
        span = 1e11  # seconds: longer than any history
        last = np.searchsorted(self.code * span + self.at, asked * span + at, "left")
        first = np.minimum(np.searchsorted(self.code, asked, "left"), last)
        totals = np.concatenate(([0.0], np.cumsum(self.won)))
        found = (totals[last] - totals[first] + DOUBT * overall) / (last - first + DOUBT)
        return np.where(asked >= 0, found - overall, 0.0)


def _ends(connection: psycopg.Connection, subject: Subject) -> dict[str, Ends]:
    rows = _run(connection, f"sales/{subject.kind}_end", {}).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * (2 + len(subject.members))
    at, won = np.array(columns[0], dtype=float), np.array(columns[1], dtype=float)
    by_time = np.argsort(at, kind="stable")
    found = {}
    for name, members in zip(subject.members, columns[2:], strict=True):
        codes = {member: code for code, member in enumerate(sorted({m for m in members if m is not None}))}
        code = np.array([codes.get(member, -1) for member in members], dtype=float)
        order = np.lexsort((at, code))
        order = order[code[order] >= 0]
        found[name] = Ends(codes, code[order], at[order], won[order], at[by_time], won[by_time])
    return found


def _run(connection: psycopg.Connection, name: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    return connection.execute((SQL / f"{name}.sql").read_text("utf-8").encode(), parameters)


def _snapshots(
    connection: psycopg.Connection, subject: Subject, when: str, ends: dict[str, Ends], days: Mapping[str, Any]
) -> Snapshots:
    _run(connection, f"sales/{subject.kind}_{when}", days)
    connection.execute("analyze moment")
    rows = _run(connection, f"sales/{subject.kind}_snapshot", {}).fetchall()
    connection.execute("drop table moment")
    first_member = 6 + len(subject.numbers)
    columns = list(zip(*rows, strict=True)) or [()] * (first_member + len(subject.members))
    at, closed_at, is_won = (np.array(column, dtype=float) for column in columns[2:5])
    numbers = {
        name: np.array(column, dtype=float)
        for name, column in zip(subject.numbers, columns[6:first_member], strict=True)
    }
    rates = {
        name: ends[name].rates(np.array(column, dtype=object), at)
        for name, column in zip(subject.members, columns[first_member:], strict=True)
    }
    keys = list(zip(columns[0], columns[1], strict=True))
    return Snapshots(keys, at, closed_at, is_won, np.array(columns[5], dtype=object), numbers | rates)


def _model(
    connection: psycopg.Connection, subject: Subject, ends: dict[str, Ends], days: Mapping[str, Any]
) -> tuple[str, WinModel]:
    row = _run(connection, f"sales/closed_{subject.kind}", days).fetchone()
    assert row
    window = Window(row[0] or datetime(1970, 1, 1, tzinfo=UTC), Window.day(days["known_to"]).end)
    features = {"features": ["stage", *subject.features], "fewest": FEWEST_CLOSED, **TREATMENT}
    training = Training(subject.model, f"{subject.kind}s", window.start, window.end, features, row[2], row[1])
    fitted = fit_once(connection, training, lambda: fit(_snapshots(connection, subject, "past", ends, days), subject))
    assert fitted.parameters
    return training.model_run_id, WinModel(**fitted.parameters)


def fit(past: Snapshots, subject: Subject) -> Fitted:
    """The model of these snapshots, and how it did on the later of them when it learned from the earlier ones."""
    deals = len(set(past.keys))
    by_stage = WinModel("stage_rate", *_stage_rates(past))
    if deals < FEWEST_CLOSED:
        return Fitted(asdict(by_stage), {"reason": f"{deals:,} closed {subject.kind}s, and {FEWEST_CLOSED} are needed"})
    split = float(np.quantile(past.at, 1 - LATER))
    # what was known at the split: deals that had ended by then; and the snapshots after it
    known, test = past.where(past.closed_at < split), past.where(past.at >= split)
    if len(set(known.keys)) < FEWEST_CLOSED or len(np.unique(known.is_won)) < 2:
        return Fitted(
            asdict(by_stage), {"reason": f"too few {subject.kind}s had closed before the last quarter of the time"}
        )
    learned = _fit(known, subject)
    chance, rate = learned.chance(test), learned.stage_rate(test.stage)
    scores: dict[str, Any] = {
        f"later_{subject.kind}s": len(set(test.keys)),
        "brier": brier(chance, test.is_won), "brier_stage_rate": brier(rate, test.is_won),
        "brier_untreated": brier(_untreated(known, test), test.is_won),
        "calibration_error": calibration_error(chance, test.is_won),
        "calibration_error_stage_rate": calibration_error(rate, test.is_won),
    }  # fmt: skip
    if scores["brier"] >= scores["brier_stage_rate"]:
        return Fitted(
            asdict(by_stage), scores | {"reason": f"on later {subject.kind}s the rates of the stages did as well"}
        )
    return Fitted(asdict(_fit(past, subject)), scores)


def brier(chance: Array, won: Array) -> float:
    """Mean squared difference of chance and outcome (Brier 1950)."""
    return float(np.mean((chance - won) ** 2))


def calibration_error(chance: Array, won: Array) -> float:
    """Expected calibration error: mean distance of chance and share won, over ten equal groups by chance."""
    groups = np.array_split(np.argsort(chance, kind="stable"), BINS)
    return float(sum(len(g) * abs(chance[g].mean() - won[g].mean()) for g in groups if len(g)) / len(chance))


def _stage_rates(past: Snapshots) -> tuple[dict[str, float], float]:
    if not len(past.at):
        return {}, 0.5
    overall = float(past.is_won.mean())
    found = {}
    for stage in sorted(set(past.stage)):
        won = past.is_won[past.stage == stage]
        found[stage] = float((won.sum() + DOUBT * overall) / (len(won) + DOUBT))
    return found, overall


def _fit(past: Snapshots, subject: Subject) -> WinModel:
    from sklearn.linear_model import LogisticRegression

    stages, overall = _stage_rates(past)
    usual = {stage: float(np.median(past.values["days_in_stage"][past.stage == stage])) for stage in stages}
    start = WinModel("model", stages, overall, usual)
    columns = past.values | {"stay": start._stay(past)}
    basis: dict[str, tuple[list[float], Array]] = {}
    for name in subject.features:
        bends = np.unique(np.quantile(columns[name], BENDS))
        # the value of a bent line at x is a mean of its values at the two bends beside x
        basis[name] = (
            bends.tolist(),
            np.column_stack([np.interp(columns[name], bends, one) for one in np.eye(len(bends))]),
        )
    names = list(stages)
    by_stage = (past.stage[:, None] == np.array(names, dtype=object)).astype(float)
    values = np.column_stack([by_stage, *(matrix for _, matrix in basis.values())])
    means = values.mean(axis=0)
    found = LogisticRegression(C=1.0, max_iter=2000).fit(values - means, past.is_won)
    weights, place = found.coef_[0], len(names)
    # each line is moved so that it is 0 on average: what is left is in the intercept already
    odds = weights[:place] - means[:place] @ weights[:place]
    lines = {}
    for name, (bends_of, matrix) in basis.items():
        end = place + matrix.shape[1]
        line = weights[place:end] - means[place:end] @ weights[place:end]
        lines[name], place = (bends_of, line.tolist()), end
    return WinModel(
        "model", stages, overall, usual, lines, dict(zip(names, odds.tolist(), strict=True)), float(found.intercept_[0])
    )


def _untreated(known: Snapshots, test: Snapshots) -> Array:
    """Chances by the same features as they are, cut and bent nowhere: what the treatment is worth."""
    from sklearn.linear_model import LogisticRegression

    stages, overall = _stage_rates(known)

    def values(deals: Snapshots) -> Array:
        return np.column_stack([[stages.get(name, overall) for name in deals.stage], *deals.values.values()])

    return LogisticRegression(max_iter=5000).fit(values(known), known.is_won).predict_proba(values(test))[:, 1]


def _write_likely_months(connection: psycopg.Connection, last_day: date) -> None:
    """Age in weeks → the month in which most are won of the deals that get there and are won later."""
    connection.execute("create temp table likely_month (age_weeks integer primary key, month date) on commit drop")
    won: dict[int, int] = dict(
        connection.execute(
            "select least(floor(extract(epoch from closed_at - created_at) / 604800), %s)::integer, count(*)"
            " from mart.deal where status = 'won' and closed_at >= created_at"
            " and closed_at < (%s::date + 1)::timestamptz group by 1",
            [OLDEST, last_day],
        ).fetchall()
    )
    likely = []
    for age in range(OLDEST + 1):
        months: dict[date, int] = {}
        for later in range(age, OLDEST + 1):
            month = (last_day + timedelta(days=7 * (later - age) + 3)).replace(day=1)
            months[month] = months.get(month, 0) + won.get(later, 0)
        best = max(months, key=lambda month: months[month])
        likely.append((age, best if months[best] else None))
    with connection.cursor() as cursor:
        cursor.executemany("insert into likely_month values (%s, %s)", likely)

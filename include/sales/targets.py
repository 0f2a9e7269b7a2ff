"""What is to be won: include/config/targets.csv, and the currency that it and all figures are in."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import psycopg

from include.config_files import ConfigError
from include.sales.pipelines import load_sales_config
from include.settings import CONFIG

COLUMNS = ["month", "dimension", "member", "amount"]
DIMENSIONS = ("rep", "team")


@dataclass(frozen=True)
class Target:
    """An amount to win in a month, in the reporting currency.

    :param month_on: the month's first day.
    :param dimension: rep or team.
    :param member: name or e-mail address of the rep; name of the team.
    """

    month_on: date
    dimension: str
    member: str
    amount: Decimal


def load_targets(path: Path | None = None) -> list[Target]:
    """Read include/config/targets.csv: a month, a rep or team, and an amount a line.

    :raises ConfigError: when it is not as it should be; names the line.
    """
    path = path or CONFIG / "targets.csv"
    targets: dict[tuple[date, str, str], Target] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if header != COLUMNS:
                raise ConfigError(f"{path}:1: the header must be {','.join(COLUMNS)}, found {','.join(header)!r:.80}")
            for values in reader:
                if not values:
                    continue
                target = _target(f"{path}:{reader.line_num}", values)
                key = (target.month_on, target.dimension, target.member.casefold())
                if key in targets:
                    raise ConfigError(
                        f"{path}:{reader.line_num}: {target.month_on:%Y-%m} of the {target.dimension} "
                        f"{target.member!r} is there twice"
                    )
                targets[key] = target
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: not CSV: {error}") from None
    return list(targets.values())


def write_targets(connection: psycopg.Connection) -> bool:
    """Make mart.sales_target say what the file says, and the temporary table ``reporting`` what sales.yaml does.

    :returns: whether the targets, or the currency, are others than those the marts were built with.
    :raises ConfigError: when a file is not as it should be.
    """
    currency = load_sales_config().reporting_currency
    connection.execute("create temp table reporting (currency text not null) on commit drop")
    connection.execute("insert into reporting values (%s)", [currency])
    connection.execute("create temp table target_before on commit drop as table mart.sales_target")
    connection.execute("delete from mart.sales_target")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into mart.sales_target (month_on, dimension, member, target_amount, is_known)"
            " values (%s, %s, %s, %s, false)",
            [(target.month_on, target.dimension, target.member, target.amount) for target in load_targets()],
        )
    connection.execute(
        "update mart.sales_target as t set is_known = true from core.dim_rep as r"
        " where r.is_current and lower(t.member) = any("
        "case t.dimension when 'rep' then array[lower(r.full_name), r.email] else array[lower(r.team)] end)"
    )
    row = connection.execute(
        "select exists ((table target_before except table mart.sales_target)"
        " union all (table mart.sales_target except table target_before))"
        " or exists (select from mart.sales_period as p, reporting as r where p.reporting_currency <> r.currency)"
    ).fetchone()
    return bool(row and row[0])


def _target(where: str, values: list[str]) -> Target:
    if len(values) != len(COLUMNS):
        raise ConfigError(f"{where}: {len(values)} values, expected {len(COLUMNS)}: {', '.join(COLUMNS)}")
    month, dimension, member, amount = (value.strip() for value in values)
    try:
        month_on = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ConfigError(f"{where}: month: expected a month as 2026-11, found {month!r:.80}") from None
    if dimension not in DIMENSIONS:
        raise ConfigError(f"{where}: dimension: expected {' or '.join(DIMENSIONS)}, found {dimension!r:.80}")
    if not member:
        raise ConfigError(f"{where}: member: name the {dimension}")
    try:
        money = Decimal(amount)
    except InvalidOperation:
        money = Decimal("NaN")
    if not money.is_finite() or money <= 0:
        raise ConfigError(f"{where}: amount: expected a number above 0 as 125000.50, found {amount!r:.80}")
    return Target(month_on, dimension, member, money)

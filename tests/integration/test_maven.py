"""Real input: the Maven CRM files by `load_files`, against the figures that their publisher's data give."""

from decimal import Decimal
from pathlib import Path

import pandas
import pytest

from include.by_hand import LoadSummary, load_files
from include.sources import SourceError
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.deliveries import rows


@pytest.fixture(scope="module")
def maven(embedded: Databases, real_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """A warehouse with the four files, and what loading them said."""
    warehouse = embedded.warehouse()
    return warehouse, load_files(
        warehouse, "maven_crm", [real_data / "maven_crm"], reports=tmp_path_factory.mktemp("reports")
    )


def test_nothing_is_lost(maven: tuple[Warehouse, LoadSummary]) -> None:
    warehouse, summary = maven
    pipeline = summary.counts["sales_pipeline"]
    assert (pipeline.received, pipeline.staged, pipeline.quarantined) == (8800, 8800, 0)
    assert rows(warehouse, "select count(*) from mart.deal") == [(8800,)]
    assert rows(warehouse, "select count(*) from mart.deal where company_id is null") == [(1425,)]


def test_the_known_figures(maven: tuple[Warehouse, LoadSummary]) -> None:
    # counted from the files by hand, and printed with the data set
    warehouse, _ = maven
    figures = dict(rows(warehouse, "select status, count(*) from mart.deal group by 1"))
    assert figures == {"won": 4238, "lost": 2473, "open": 2089}
    assert rows(warehouse, "select sum(amount) from mart.deal where status = 'won'") == [(10005534,)]
    cycle = "select round(avg(sales_cycle_days), 2), percentile_cont(0.5) within group (order by sales_cycle_days)"
    assert rows(warehouse, f"{cycle} from mart.deal where status = 'won'") == [(Decimal("51.78"), 57.0)]
    assert rows(warehouse, "select sum(won_deals), sum(won_amount) from mart.sales_daily") == [(4238, 10005534)]
    names = "select count(distinct product_name) filter (where product_name in ('GTXPro', 'GTX Pro')) from mart.deal"
    assert rows(warehouse, names) == [(1,)]


def test_the_report_shows_them(maven: tuple[Warehouse, LoadSummary]) -> None:
    page = maven[1].report.read_text()
    for figure in ("10,005,534", "4,238", "2,473", "2,089", "63.15", "51.78", "8,800", "1,425"):
        assert figure in page, figure
    assert "GTXPro" not in page


def test_reps_and_products_equal_plain_pandas(maven: tuple[Warehouse, LoadSummary], real_data: Path) -> None:
    warehouse, _ = maven
    deals = pandas.read_csv(real_data / "maven_crm" / "sales_pipeline.csv")
    deals["product"] = deals["product"].replace("GTXPro", "GTX Pro")
    won = deals[deals["deal_stage"] == "Won"]
    for column, key in (("rep_name", "sales_agent"), ("product_name", "product")):
        expected = {name: (len(part), int(part["close_value"].sum())) for name, part in won.groupby(key)}
        query = f"select {column}, count(*), sum(amount) from mart.deal where status = 'won' group by 1"  # noqa: S608
        assert {name: (count, int(amount)) for name, count, amount in rows(warehouse, query)} == expected


@pytest.fixture(scope="module")
def deals(real_data: Path) -> pandas.DataFrame:
    """The deals with their reps' teams, as the files have them; a quarter is that of the close date."""
    folder = real_data / "maven_crm"
    deals = pandas.read_csv(folder / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    deals["product"] = deals["product"].replace("GTXPro", "GTX Pro")
    deals["days"] = (deals["close_date"] - deals["engage_date"]).dt.days
    deals["quarter"] = deals["close_date"].dt.to_period("Q").dt.start_time
    return deals


@pytest.mark.parametrize(("view", "name", "key"), [
    ("sales_rep_period", "rep_name", "sales_agent"), ("sales_product_period", "product_name", "product"),
])  # fmt: skip
def test_reps_and_products_by_quarter_equal_plain_pandas(
    maven: tuple[Warehouse, LoadSummary], deals: pandas.DataFrame, view: str, name: str, key: str
) -> None:
    expected = {}
    for (quarter, member), part in deals.dropna(subset=["close_date"]).groupby(["quarter", key]):
        won = part[part["deal_stage"] == "Won"]
        expected[quarter.date(), member] = (
            len(won), int(won["close_value"].sum()), len(part) - len(won),
            round(len(won) / len(part), 6), round(won["close_value"].mean(), 4), round(won["days"].mean(), 4),
            round(won["days"].median(), 4),
        )  # fmt: skip
    query = (
        f"select period_start, {name}, won_deals, won_amount, lost_deals, win_rate, deal_size, mean_cycle_days,"  # noqa: S608
        f" median_cycle_days from mart.{view} where period = 'quarter' and won_deals + lost_deals > 0"
    )
    found = {
        (start, member): (
            won, int(amount), lost, round(float(rate), 6), round(float(size), 4), round(float(mean), 4),
            round(float(median), 4),
        )
        for start, member, won, amount, lost, rate, size, mean, median in rows(maven[0], query)
    }  # fmt: skip
    assert found == expected


def test_velocity_by_quarter_equals_plain_pandas(maven: tuple[Warehouse, LoadSummary], deals: pandas.DataFrame) -> None:
    found = {
        start: (open_deals, float(rate), float(size), float(days), float(velocity))
        for start, open_deals, rate, size, days, velocity in rows(
            maven[0],
            "select period_start, open_deals, win_rate, deal_size, mean_cycle_days, velocity from mart.sales_velocity"
            " where period = 'quarter' and dimension = 'source' and velocity is not null",
        )
    }
    expected = {}
    for quarter, part in deals.dropna(subset=["close_date"]).groupby("quarter"):
        end = quarter + pandas.offsets.QuarterEnd(0)
        # the 500 deals in Prospecting have no engage date: they are new when the files are loaded
        open_deals = ((deals["engage_date"] <= end) & ~(deals["close_date"] <= end)).sum()
        won = part[part["deal_stage"] == "Won"]
        four = (open_deals, len(won) / len(part), won["close_value"].mean(), won["days"].mean())
        expected[quarter.date()] = (*four, four[0] * four[1] * four[2] / four[3])
    assert found.keys() == expected.keys()
    for quarter, parts in expected.items():
        assert found[quarter] == pytest.approx(parts), quarter


def test_the_funnel_and_the_path_equal_plain_pandas(
    maven: tuple[Warehouse, LoadSummary], deals: pandas.DataFrame
) -> None:
    engaged = deals.dropna(subset=["engage_date"])
    expected = {}
    for quarter, part in engaged.groupby(engaged["engage_date"].dt.to_period("Q").dt.start_time):
        expected[quarter.date()] = (len(part), int((part["deal_stage"] == "Won").sum()))
    funnel = (
        "select period_start, entered_deals + left_out_deals, gone_on_deals from mart.sales_funnel"
        " where period = 'quarter' and dimension = 'all' and stage_name = 'Engaging' and entered_deals > 0"
    )
    assert {start: figures for start, *figures in rows(maven[0], funnel)} == {k: [*v] for k, v in expected.items()}
    # half of the finished stays in Engaging, of the deals that closed in the first quarter
    first = deals[deals["quarter"] == "2017-01-01"]["days"]
    stay = (
        "select finished_visits, median_days, p90_days from mart.sales_funnel where period = 'quarter'"
        " and period_start = '2017-01-01' and dimension = 'all' and stage_name = 'Engaging'"
    )
    assert [float(figure) for figure in rows(maven[0], stay)[0]] == pytest.approx(
        [len(first), first.median(), first.quantile(0.9)]
    )
    # two dates tell a way without detours
    paths = "select path, count(*), bool_and(is_standard) from mart.deal_path group by 1 order by 1"
    assert rows(maven[0], paths) == [
        ("Engaging", 1589, True), ("Engaging > Lost", 2473, True), ("Engaging > Won", 4238, True),
        ("Prospecting", 500, True),
    ]  # fmt: skip
    origins = "select origin, count(*), bool_or(is_mended) from core.fct_deal_stage group by 1 order by 1"
    assert rows(maven[0], origins) == [("dates", 1589 + 2 * (2473 + 4238), False), ("versions", 500, False)]


def test_again_adds_nothing(maven: tuple[Warehouse, LoadSummary], real_data: Path, tmp_path: Path) -> None:
    warehouse, _ = maven
    again = load_files(warehouse, "maven_crm", [real_data / "maven_crm"], reports=tmp_path)
    assert (again.total.received, again.skipped) == (0, 4)
    assert "4 files skipped: loaded before" in again.as_text()
    # who insists is given the same rows
    again = load_files(warehouse, "maven_crm", [real_data / "maven_crm"], reports=tmp_path, again=True)
    assert (again.total.received, again.total.inserted, again.total.unchanged) == (8927, 0, 8927)


GOOD = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no header line"),
        (b"id,name\n1,x\n", "opportunity_id"),
        ("opportunity_id,sales_agent\n".encode("utf-16"), "encoding:"),
    ],
    ids=["empty", "wrong columns", "wrong encoding"],
)
def test_a_wrong_file_is_one_clear_error(
    embedded_warehouse: Warehouse, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "sales_pipeline.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        load_files(embedded_warehouse, "maven_crm", [path], reports=tmp_path)
    assert "sales_pipeline.csv" in str(error.value) and "maven_crm" in str(error.value)
    assert says in str(error.value).lower()


def test_a_cut_off_file_and_bad_cells_lose_nothing_good(embedded_warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "sales_pipeline.csv").write_text(
        GOOD
        + "A1,Ada,GTX Pro,Acme,Won,2017-01-01,2017-02-01,100\n"
        + "A2,Ada,GTX Pro,Acme,Won,2017-01-01,20170231,100\n"  # no such day
        + "A3,Ada,GTX Pro,Acme,Won,2017-01-01,2017-02-01,lots\n"
        + ",Ada,GTX Pro,Acme,Won,2017-01-01,2017-02-01,100\n"  # no key
        + "A4,Ada,GTX Pro\n"  # columns are missing
        + "A5,Ada,GTX Pro,Acme,Thinking,2017-01-01,,\n"  # a stage that the suite does not know
        + 'A6,Ada,"GTX Pr'  # the file ends here
    )
    summary = load_files(embedded_warehouse, "maven_crm", [folder], reports=tmp_path / "reports")
    count = summary.counts["sales_pipeline"]
    assert (count.received, count.unreadable, count.staged, count.quarantined) == (7, 3, 1, 3)
    found = rows(embedded_warehouse, "select coalesce(source_id, location), rules from ops.quarantine order by 2")
    reasons = sorted(rule for _, rules in found for rule in rules)
    assert "no_id" in reasons and "wrong_column_count" in reasons and "cut_off_line" in reasons
    assert (
        "closed_at__is_timestamp" in reasons and "amount__is_numeric" in reasons and "stage_key__be_in_set" in reasons
    )

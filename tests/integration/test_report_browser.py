"""Reports in a real browser: foreign text does nothing, tables sort, and everyone can read them."""

import json
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe

from include.reports.blocks import ranked
from include.reports.charts import Bar
from include.reports.frame import Frame
from include.reports.language import LANGUAGES
from include.reports.model import Change, Column, Report, Section, Sentence, Table, Tile
from include.reports.page import page
from include.reports.render import SUBJECTS, render_all
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.sql.test_report_editions import fill

FRAME = Frame(Window.between("2026-11-09", "2026-11-15", ZoneInfo("UTC")), ("crm",))
SERIOUS = ("serious", "critical")


def opened(browser: Any, path: Path, **options: Any) -> tuple[Any, list[str]]:
    """The page, and all that it complains of."""
    tab = browser.new_page(**{"viewport": {"width": 1100, "height": 900}, **options})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    tab.on("request", lambda request: said.extend([request.url][: not request.url.startswith(("file:", "data:"))]))
    tab.goto(path.as_uri())
    return tab, said


def report(names: list[str]) -> Report:
    """A report in which every text is foreign."""
    rows = [[name, len(name), name] for name in names]
    return Report(
        "sales", "Sales", names[:5], names[5:10],
        [
            Tile(name[:40] or "none", "count", 1, "won", name[:20], Change(name[:40], "good"), name[:60])
            for name in names[:12]
        ],
        [
            Section("Names", [
                Table("All", [Column("Name"), Column("Letters", "count", "won"), Column("Again")], rows),
                ranked("Letters", [Bar(name, len(name)) for name in names[:40]], "won", "None."),
                *(Sentence(name) for name in names[:10]),
            ])
        ],
    )  # fmt: skip


def test_naughty_strings_do_nothing(browser: Any, real_data: Path, tmp_path: Path) -> None:
    strings = json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    (tmp_path / "report.html").write_bytes(page(report(strings), FRAME))
    for width in (1100, 400):
        tab, said = opened(browser, tmp_path / "report.html", viewport={"width": width, "height": 900})
        assert tab.locator("tbody tr").count() == len(strings)
        tab.locator("thead [role=button]").first.click()
        assert said == []
        # the layout holds: wide tables scroll in their own frame, never the page
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.close()


def test_tables_sort_by_mouse_and_by_keyboard(browser: Any, tmp_path: Path) -> None:
    told = Report(
        "sales", "Sales", ["-"], [], [],
        [Section("Reps", [Table("Reps", [Column("Rep"), Column("Won", "amount"), Column("Last", "date")],
                                [["Bo", 9.5, None], ["ann", 10, None], ["Zoë", None, None]])])],
    )  # fmt: skip
    (tmp_path / "report.html").write_bytes(page(told, FRAME))
    tab, said = opened(browser, tmp_path / "report.html")
    heads = tab.locator("thead [role=button]")

    def names() -> list[str]:
        return tab.locator("tbody th").all_inner_texts()

    heads.nth(1).click()
    assert names() == ["ann", "Bo", "Zoë"]  # the largest first, and who has none last
    heads.nth(1).focus()
    tab.keyboard.press("Enter")
    assert names() == ["Bo", "ann", "Zoë"] and tab.locator("[aria-sort=ascending]").inner_text().startswith("Won")
    heads.nth(0).focus()
    tab.keyboard.press("Space")
    assert names() == ["ann", "Bo", "Zoë"] and said == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_everyone_can_read_it(browser: Any, embedded_warehouse: Warehouse, tmp_path: Path, subject: str) -> None:
    fill(embedded_warehouse, "王小明 & Söhne")
    editions = render_all(embedded_warehouse, [subject], FRAME.window, ["crm"], tmp_path, languages=LANGUAGES)
    for edition, scheme in product(editions, ("light", "dark")):
        tab, said = opened(browser, edition.path, color_scheme=scheme)
        found = Axe().run(tab).response["violations"]
        assert [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in SERIOUS] == []
        assert said == [] and tab.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-CN"}[edition.language]
        tab.close()

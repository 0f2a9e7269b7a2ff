"""The reports in Chinese: every message has a translation with the same places, and none is left over."""

import ast
import io
import re
import string
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from jinja2.ext import babel_extract

from include.customers.kinds import ORGANISATION, PERSON
from include.customers.value.build import FEATURES, _fit_clusters, _fit_purchases
from include.customers.value.config import load_value_config
from include.reports import quality, retold
from include.reports.config import Brand
from include.reports.definitions import term
from include.reports.frame import Frame
from include.reports.language import CATALOGUES, speaking
from include.reports.model import Change, Column, Report, Section, Table, Tile
from include.reports.page import page, window_words
from include.reports.pdf import pdf
from include.reports.words import compare, days_between, listed, more_or_less, show, together
from include.reports.workbook import workbook
from include.window import Window
from tests.languages import every_message_in

REPORTS = CATALOGUES.parent
# how many texts each takes
TEXTS = {"_": 1, "N_": 1, "_n": 2, "_c": 2}
# context, message, and what it is for many
Said = tuple[str | None, str, str | None]


def said() -> dict[Said, str]:
    """Every message of the reports → the file that says it."""
    found: dict[Said, str] = {}
    for path in sorted(REPORTS.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in TEXTS:
                # a message that is no constant is marked by N_ where it is written
                texts = [part.value for part in call.args[: TEXTS[call.func.id]] if isinstance(part, ast.Constant)]
                if len(texts) == TEXTS[call.func.id]:
                    context = str(texts.pop(0)) if call.func.id == "_c" else None
                    found[_key(context, texts)] = path.name
    for path in sorted(REPORTS.glob("*.j2")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["_"], (), {"silent": "false"}):
                found[_key(None, message)] = path.name
    return found


def _key(context: str | None, message: Any) -> Said:
    parts = [part for part in ([message] if isinstance(message, str) else message) if part is not None]
    return context, parts[0], parts[1] if len(parts) > 1 else None


def translated() -> Iterator[tuple[str, Said, Message]]:
    """Each entry of each Chinese catalogue."""
    for path in sorted((CATALOGUES / "zh").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id:
                    yield path.name, _key(message.context, message.id), message


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_message_has_a_translation_and_none_is_left_over() -> None:
    messages = said()
    there = {key: file for file, key, message in translated() if all(strings(message)) and not message.fuzzy}
    assert len(messages) > 400
    assert {key: file for key, file in messages.items() if key not in there} == {}
    assert {key: file for key, file in there.items() if key not in messages} == {}


def test_a_translation_has_the_places_of_its_message() -> None:
    wrong = [
        (file, key, told)
        for file, key, message in translated()
        for told in strings(message)
        if places(told) != places(key[2] or key[1])
    ]
    assert wrong == []


def test_what_the_product_writes_into_the_warehouse_is_known() -> None:
    assert {segment.name for segment in load_value_config().segments} == set(retold.SEGMENTS)
    words = {word for feature in FEATURES for word in (feature.low, feature.high)}
    assert words | {"average"} == set(retold.CUSTOMER_WORDS)
    assert {*PERSON.fields, *ORGANISATION.fields} == {*quality.NAMES, "name"}
    with speaking("zh"):
        assert retold.segment("New") == "新客户"
        assert retold.segment("Our best") == "Our best"
        assert retold.group("rare, long silent 2") == "低频、沉寂已久 2"
        assert retold.group("average") == "各项居中"
        assert retold.group("rare, blue") == "rare, blue"
        assert retold.country("FR") == "法国"
        assert retold.country("Neverland") == "Neverland"
    with speaking("en"):
        assert [retold.group("rare, low value 2"), retold.country("FR")] == ["rare, low value 2", "FR"]


def test_why_there_is_no_model_is_told_in_the_language_spoken() -> None:
    few = _fit_purchases(np.array([[1, 5, 9, 2.0]]))
    none = _fit_clusters(np.zeros((3, len(FEATURES))))
    alike = _fit_clusters(np.zeros((200, len(FEATURES))))
    reasons = [fitted.scores["reason"] for fitted in (few, none, alike)]
    assert [retold.no_model(reason) for reason in reasons] == reasons
    with speaking("zh"):
        assert [retold.no_model(reason) for reason in reasons] == [
            "有复购的客户仅 2 位，至少需要 50 位",
            "有过购买的客户仅 3 位，至少需要 100 位",
            "对有过购买的客户重新抽样后，2 至 8 个分组的结果均不稳定",
        ]
        assert retold.no_model("a reason of its own") == "a reason of its own"


def test_figures_and_days_as_they_are_read_in_chinese() -> None:
    frame = Frame(Window.between("2026-11-09", "2026-11-15", ZoneInfo("UTC")), ("crm", "desk"))
    with speaking("zh"):
        assert days_between(frame.window.first_day, frame.window.last_day) == "2026年11月9日 – 11月15日"
        assert window_words(frame) == (
            "共 7 天，自 2026年11月9日星期一 00:00 起至 2026年11月16日星期一 00:00（不含）止，UTC 时区"
        )
        assert compare("count", 12, 10, frame.flow) == Change("较此前 7 天 ▲ 20%", "flat")
        assert compare("count", 12, 12, frame.stock) == Change("与期初持平", "flat", is_same=True)
        assert more_or_less(5, 8, "count", frame.flow) == "比此前 7 天少 3"
        assert [show("share", 0.125), show("minutes", 134), show("days", 1)] == ["12.50%", "2 小时 14 分钟", "1 天"]
        assert listed(["甲", "乙", "丙"]) == "甲、乙、丙"
        assert together("一。", "", "二。") == "一。二。"
        assert term("win_rate")[0] == "赢单率（按数量）"
    assert together("One.", "Two.") == "One. Two."


def test_every_format_speaks_chinese() -> None:
    frame = Frame(Window.between("2026-11-09", "2026-11-15", ZoneInfo("UTC")), ("crm",))
    columns = [Column("甲"), Column("乙", "minutes", "won"), Column("丙", "share")]
    told = Report(
        "sales", "销售", ["一。"], [], [Tile("赢单", "amount", 1, "won", "CNY")],
        [Section("二", [Table("三", columns, [["王芳", 7, 0.5]])])],
    )  # fmt: skip
    with every_message_in("zh"):
        text = page(told, frame, Brand(name="甲公司")).decode()
        book = openpyxl.load_workbook(io.BytesIO(workbook(told, frame)))
        paper = pdf(told, frame)
    soup = BeautifulSoup(text, "html.parser")
    assert soup.html is not None and soup.html["lang"] == "zh-CN"
    assert "PingFang SC" in text
    assert soup.select_one(".tile dt").get_text() == "赢单（CNY）1"  # type: ignore[union-attr]
    assert soup.select_one("sup a")["aria-label"] == "赢单的含义"  # type: ignore[index]
    assert not re.findall("[A-Za-z]{4,}", soup.body.get_text())  # type: ignore[union-attr]
    assert book.sheetnames == ["概览", "二", "指标说明"]
    assert [cell.value for cell in book["二"][2]] == ["甲", "乙（分钟）", "丙"]
    assert book["二"][3][2].number_format == "0.0%"
    assert paper.startswith(b"%PDF-")


def test_catalogues_agree() -> None:
    told: dict[tuple[str | None, str], dict[Any, list[str]]] = {}
    for file, key, message in translated():
        told.setdefault(key[:2], {}).setdefault(str(message.string), []).append(file)
    assert {key: found for key, found in told.items() if len(found) > 1} == {}

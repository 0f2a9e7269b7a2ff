"""What models have said in words, said anew: the same in English, and in Chinese."""

import pytest

from include.reports import retold
from include.reports.language import speaking
from include.sales import clusters, win
from include.service import ways


def test_every_word_of_the_models_is_known() -> None:
    reasons = {text for subject in (win.DEALS, win.LEADS) for pair in subject.features.values() for text in pair}
    assert reasons == set(retold.REASONS)
    words = {
        word
        for features in (clusters.ACCOUNT, clusters.DEAL, ways.FEATURES)
        for feature in features
        for word in (feature.low, feature.high)
    }
    assert words | {"average"} == set(retold.WORDS)
    with speaking("zh"):
        assert all(retold.group(word) != word for word in words)
        assert all(retold.why([f"+ {reason}"]) != f"有利：{reason}" for reason in reasons)


def test_reasons_say_what_they_speak_for() -> None:
    reasons = ["- older than most", "+ in touch lately", "+ stage Talk; 2"]
    unlike = [
        "33.50 days in Talk: longer than the allowed stay of 21.00 days",
        "amount 12.0 times the usual one of its product",
    ]
    assert retold.why(reasons, unlike) == (
        "for: in touch lately, stage Talk; 2; against: older than most; 33.50 days in its stage, 21 days allowed; "
        "amount 12.0 times the usual one of its product"
    )
    # of a stage alone there is neither
    assert retold.why(["stage Talk"]) == "stage Talk"
    assert retold.why([]) == ""
    with speaking("zh"):
        assert retold.why(reasons, unlike).startswith("有利：近期有互动")
        told = retold.why(["stage Talk"], unlike)
        assert "处于“Talk”阶段" in told
        assert "在当前阶段已停留 33.50 天，允许停留 21 天" in told
        assert "金额为该产品通常金额的 12.0 倍" in told


@pytest.mark.parametrize(
    ("told", "english", "chinese"),
    [
        (retold.explained(["source fair {x} 98 %"]), "source fair {x} 98 %", "来源“fair {x}”占 98%"),
        (retold.explained(["tag vip 40 %"]), "tag vip 40 %", "标签“vip”占 40%"),
    ],
)
def test_what_explains_an_anomaly(told: str, english: str, chinese: str) -> None:
    assert told == english
    with speaking("zh"):
        assert retold.explained([english]) == chinese
        assert retold.explained(["of its own"]) == "of its own"


def test_names_of_groups_are_taken_apart() -> None:
    for name in ("few deals, long silent", "average 2", "few replies", "Deals of 2026", "a, b", ""):
        assert retold.group(name) == name
    with speaking("zh"):
        assert retold.group("average 2") == "各项居中 2"
        assert retold.group("few deals, blue") == "few deals, blue"
        assert "商机少" in retold.group("few deals, long silent 2")


def test_why_there_is_no_model() -> None:
    for reason in (
        "150 closed deals, and 200 are needed",
        "on later leads the rates of the stages did as well",
        "else",
    ):
        assert retold.no_model(reason) == reason
    with speaking("zh"):
        assert retold.no_model("1,150 closed leads, and 200 are needed") == "已结束线索 1,150 条，至少需要 200 条"
        assert retold.no_model("else") == "else"


def test_only_words_of_the_list_are_said_anew() -> None:
    with speaking("zh"):
        assert retold.known("urgent", ("urgent",)) == "紧急"
        assert retold.known("urgent", ("low",)) == "urgent"
        assert retold.known(None, ("low",)) is None


def test_a_stage_whose_name_looks_like_the_words_around_it_breaks_nothing() -> None:
    told = "12.50 days in Wait 10 days in escrow: longer than the allowed stay of 9.00 days"
    assert retold.why([], [told]) == "12.50 days in its stage, 9 days allowed"
    odd = "amount ######.# times the usual one of its product"
    assert retold.why([], [odd]) == odd

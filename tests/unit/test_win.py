"""Chances of deals: figures by hand, and made-up deals whose chances are known."""

import numpy as np
import pytest

from include.sales.win import DEALS, Ends, Snapshots, WinModel, brier, calibration_error, fit


def snapshots(count: int, seed: int = 1) -> tuple[Snapshots, np.ndarray]:
    """Deals of two stages; those that stand long are won seldom. Returned with their true chances."""
    dice = np.random.default_rng(seed)
    at = np.sort(dice.uniform(0, 4e7, count))
    stage = np.where(dice.random(count) < 0.5, "talk", "offer").astype(object)
    days = dice.exponential(20, count)
    odds = np.where(stage == "offer", 1.0, -0.5) - 0.05 * (days - 20)
    chance = 1 / (1 + np.exp(-odds))
    values = {name: np.zeros(count) for name in DEALS.numbers} | {name: np.full(count, 0.5) for name in DEALS.features}
    values.pop("stay")
    values["days_in_stage"] = days
    won = (dice.random(count) < chance).astype(float)
    keys = [("crm", str(number)) for number in range(count)]
    return Snapshots(keys, at, at + 86400, won, stage, values), chance


def test_brier_and_calibration_by_hand() -> None:
    chance, won = np.array([0.9, 0.8, 0.3, 0.2]), np.array([1.0, 0.0, 0.0, 1.0])
    assert brier(chance, won) == pytest.approx((0.01 + 0.64 + 0.09 + 0.64) / 4)
    # a hundred deals told 0.7 of which 60 are won: off by 0.1
    assert calibration_error(np.full(100, 0.7), np.tile([1, 1, 1, 0, 0], 20).astype(float)) == pytest.approx(0.1)


def test_a_member_is_judged_by_what_it_had_closed_by_then() -> None:
    # ann won at 10 and lost at 20, bob won at 30
    ends = Ends({"ann": 0, "bob": 1}, np.array([0.0, 0, 1]), np.array([10.0, 20, 30]), np.array([1.0, 0, 1]),
                np.array([10.0, 20, 30]), np.array([1.0, 0, 1]))  # fmt: skip
    told = ends.rates(np.array(["ann", "ann", "ann", "bob", "bob", "eve", None], dtype=object),
                      np.array([5.0, 15, 25, 25, 35, 35, 35]))  # fmt: skip
    # of all, with ten deals of a half behind them: 5/10 by 5, 6/11 by 15, 6/12 by 25, 7/13 by 35; of each, ten of those
    assert told == pytest.approx([
        0, (1 + 60 / 11) / 11 - 6 / 11, 6 / 12 - 6 / 12, 0, (1 + 70 / 13) / 11 - 7 / 13, 0, 0,
    ])  # fmt: skip


def test_the_chances_are_near_the_true_ones() -> None:
    past, _ = snapshots(8000)
    fitted = fit(past, DEALS)
    assert fitted.parameters
    model = WinModel(**fitted.parameters)
    assert model.method == "model"
    fresh, chance = snapshots(2000, seed=2)
    assert np.abs(model.chance(fresh) - chance).mean() < 0.04
    assert fitted.scores["brier"] < fitted.scores["brier_stage_rate"]
    assert fitted.scores["calibration_error"] < 0.05
    long_ago = int(np.argmax(fresh.values["days_in_stage"]))
    assert "- longer in its stage than is usual there" in model.reasons(fresh, DEALS.features)[long_ago]
    # the two features of the time in a stage are one reason
    assert not any(
        "long in its stage" in reason for reasons in model.reasons(fresh, DEALS.features) for reason in reasons
    )


def test_the_same_deals_give_the_same_model() -> None:
    past, _ = snapshots(1000)
    assert fit(past, DEALS) == fit(past, DEALS)


def test_below_two_hundred_closed_deals_the_stages_speak() -> None:
    past, _ = snapshots(150)
    fitted = fit(past, DEALS)
    assert fitted.parameters
    model = WinModel(**fitted.parameters)
    assert model.method == "stage_rate"
    assert fitted.scores["reason"] == "150 closed deals, and 200 are needed"
    offered = past.is_won[past.stage == "offer"]
    # ten of the overall rate stand behind the stage's
    rate = (offered.sum() + 10 * past.is_won.mean()) / (len(offered) + 10)
    assert model.chance(past)[past.stage == "offer"][0] == pytest.approx(rate)
    assert model.reasons(past, DEALS.features)[0] == [f"stage {past.stage[0]}"]


def test_without_any_deal_there_is_a_chance_of_a_half() -> None:
    nobody, _ = snapshots(1)
    nobody = nobody.where(np.array([False]))
    fitted = fit(nobody, DEALS)
    assert fitted.parameters
    assert WinModel(**fitted.parameters).stage_rate(np.array(["talk"], dtype=object)).tolist() == [0.5]

"""The CDNOW sample: 2,357 customers who first bought in the first quarter of 1997, and what they bought in 78 weeks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

CALIBRATED_TO = pd.Timestamp("1997-09-30")  # the end of the 39th week


@dataclass(frozen=True)
class Cdnow:
    """The sample, in weeks: histories up to the 39th week, mean repeat amounts, and purchases in the 39 weeks after."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    repeats: np.ndarray
    mean: np.ndarray
    later: np.ndarray


def purchases(real_data: Path) -> pd.DataFrame:
    """One row a customer and day with a purchase: ``customer``, ``day``, ``amount``."""
    names = ["master", "customer", "day", "items", "amount"]
    rows = pd.read_csv(real_data / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names)
    rows["day"] = pd.to_datetime(rows["day"].astype(str))
    return rows.groupby(["customer", "day"], as_index=False)["amount"].sum()


def cdnow(real_data: Path) -> Cdnow:
    """The sample as the published figures were computed from it."""
    rows = purchases(real_data)
    first = rows.groupby("customer")["day"].min()
    known = rows[rows["day"] <= CALIBRATED_TO]
    days = known.groupby("customer")["day"]
    repeat = known[known["day"] > known["customer"].map(first)].groupby("customer")["amount"].agg(["size", "mean"])
    repeat = repeat[repeat["mean"] > 0]
    later = rows[rows["day"] > CALIBRATED_TO].groupby("customer").size().reindex(first.index, fill_value=0)
    return Cdnow(
        x=(days.size() - 1).to_numpy(),
        t_x=((days.max() - first).dt.days / 7).to_numpy(),
        T=((CALIBRATED_TO - first).dt.days / 7).to_numpy(),
        repeats=repeat["size"].to_numpy(),
        mean=repeat["mean"].to_numpy(),
        later=later.to_numpy(),
    )

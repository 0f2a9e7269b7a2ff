"""How customers are valued and what their segments are called: include/config/value.yaml."""

from functools import cache

import psycopg
from pydantic import Field, model_validator

from include.config_files import StrictModel, read_config
from include.settings import CONFIG

SCORES = range(1, 6)


class LifetimeValue(StrictModel):
    """What a lifetime value counts.

    :param horizon_months: months ahead in which purchases count.
    :param discount_rate: a year; purchases of each month are discounted by its end.
    :param margin: share of an amount that is kept.
    """

    horizon_months: int = Field(ge=1, le=120)
    discount_rate: float = Field(ge=0, le=1)
    margin: float = Field(gt=0, le=1)


class Segment(StrictModel):
    """An RFM segment: its name, and the lowest and highest score of recency and frequency in it."""

    name: str = Field(min_length=1)
    recency: tuple[int, int]
    frequency: tuple[int, int]

    def has(self, recency_score: int, frequency_score: int) -> bool:
        """Whether the pair of scores is in the segment."""
        return (
            self.recency[0] <= recency_score <= self.recency[1]
            and self.frequency[0] <= frequency_score <= self.frequency[1]
        )


class ValueConfig(StrictModel):
    """The file include/config/value.yaml."""

    lifetime_value: LifetimeValue
    segments: list[Segment]

    @model_validator(mode="after")
    def _each_pair_once(self) -> "ValueConfig":
        for recency in SCORES:
            for frequency in SCORES:
                named = [segment.name for segment in self.segments if segment.has(recency, frequency)]
                if len(named) != 1:
                    raise ValueError(
                        f"segments: recency {recency} with frequency {frequency} must be in exactly one segment, and is"
                        f" in {', '.join(named) or 'none'}"
                    )
        return self

    def segment(self, recency_score: int, frequency_score: int) -> str:
        """The segment's name of two scores from 1 to 5.

        :raises ValueError: when a score is out of bounds.
        """
        for segment in self.segments:
            if segment.has(recency_score, frequency_score):
                return segment.name
        raise ValueError(
            f"no RFM segment has recency {recency_score} and frequency {frequency_score}: scores are 1 to 5"
        )


@cache
def load_value_config() -> ValueConfig:
    """Read include/config/value.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "value.yaml", ValueConfig)


def write_segments(connection: psycopg.Connection) -> bool:
    """Make mart.rfm_segment say what the file says; whether it said something else before."""
    rows = [
        (recency, frequency, segment.name, place)
        for place, segment in enumerate(load_value_config().segments, 1)
        for recency in SCORES
        for frequency in SCORES
        if segment.has(recency, frequency)
    ]
    before = connection.execute(
        "select recency_score, frequency_score, segment, place from mart.rfm_segment"
    ).fetchall()
    if sorted(before) == sorted(rows):
        return False
    connection.execute("delete from mart.rfm_segment")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into mart.rfm_segment (recency_score, frequency_score, segment, place) values (%s, %s, %s, %s)",
            rows,
        )
    return True

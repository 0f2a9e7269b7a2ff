"""Chance that falls the same way on every Python and platform."""

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, TypeVar

T = TypeVar("T")

# Multiples of the median at 0, 10, … 100 %: a right-skewed spread, as waiting times have. A table, because exp() and
# log() differ in their last digit between C libraries.
SKEWED = (0.12, 0.30, 0.45, 0.61, 0.79, 1.0, 1.27, 1.64, 2.2, 3.3, 7.0)


class Dice:
    """A stream of chance for one topic: other topics drawing more or less does not change it.

    Only `random.Random.random()` is drawn from, whose sequence Python guarantees for a seed.
    """

    def __init__(self, seed: int, topic: str) -> None:
        self.roll = random.Random(f"{seed}/{topic}").random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def below(self, n: int) -> int:
        """An int in [0, n)."""
        return int(self.roll() * n)

    def between(self, low: int, high: int) -> int:
        """An int in [low, high]."""
        return low + int(self.roll() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.roll() * len(items))]

    def some(self, items: Sequence[T], n: int) -> list[T]:
        """At most `n` different items, in the order drawn."""
        pool = list(items)
        return [pool.pop(self.below(len(pool))) for _ in range(min(n, len(pool)))]

    def around(self, median: float) -> float:
        """A positive figure with this median and a long right tail."""
        place = self.roll() * 10
        i = int(place)
        return median * (SKEWED[i] + (SKEWED[i + 1] - SKEWED[i]) * (place - i))

    def token(self, length: int) -> str:
        return "".join(self.pick("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(length))


class Weighted:
    """Draws from items by weight, in O(log n)."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = items
        self.cumulated = list(accumulate(weights))

    def draw(self, dice: Dice) -> Any:
        return self.items[bisect(self.cumulated, dice.roll() * self.cumulated[-1], 0, len(self.items) - 1)]

"""Answers to the sandbox's help desk: none doubled and none lost without a word, whatever happens to the senders."""

from include.warehouse.connection import Warehouse
from tests.answer_days import simulate


def test_three_days_of_answers(embedded_warehouse: Warehouse) -> None:
    found = simulate(embedded_warehouse, days=3, share=4)
    assert found.alone > 0 and found.approved > 0 and found.killed > 0  # so that the rest says something
    assert found.doubled == found.lost == found.unknown == 0
    assert found.right == found.alone
    assert found.answered_minutes < found.answered_before

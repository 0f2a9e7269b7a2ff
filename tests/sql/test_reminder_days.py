"""Nothing is sent twice and nothing is lost without a word, whatever happens to the senders."""

from include.warehouse.connection import Warehouse
from tests.reminder_days import REPS, simulate


def test_thirty_days_of_killed_senders(embedded_warehouse: Warehouse) -> None:
    found = simulate(embedded_warehouse)
    # a digest a rep and day: each deal has been in its stage for more than five days on every one of them
    assert found.messages == 30 * REPS
    assert found.killed >= 30  # of the senders, so that the rest says something
    assert found.doubled == found.lost == found.unknown == found.backfilled == 0
    assert found.sent + found.uncertain == found.messages
    # a sender leaves at most one message in doubt, and none that it had not begun to hand over
    assert 0 < found.arrived <= found.uncertain < found.killed

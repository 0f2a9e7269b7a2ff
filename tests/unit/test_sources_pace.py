"""How long a source asks to wait, by every header that is in use."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from urllib3 import HTTPHeaderDict

from include.sources.pace import asked_wait, is_exhausted, spread

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DATE = {"Date": format_datetime(NOW, usegmt=True)}
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"Retry-After": format_datetime(NOW - timedelta(hours=1), usegmt=True)}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, 0),
        # Retry-After comes first
        ({"Retry-After": "7", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, 7),
        # the IETF's draft 6, and 10
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "50"}, 50),
        ({"RateLimit": "limit=100, remaining=0, reset=50"}, 50),
        ({"RateLimit": '"burst";r=0;t=3, "day";r=900;t=40000'}, 3),
        # seconds, with a fraction as roundup has them; an epoch as GitHub has it, and in milliseconds; a date
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2.75"}, 2.75),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 40)}, 40),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((EPOCH + 40) * 1000)}, 40),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-05T12:00:40Z"}, 40),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": str(EPOCH + 40)}, 40),
        ({"X-RateLimit-Reset-After": "1.5"}, 1.5),
        # others' requests are left, so the limit that was hit is another one
        ({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "60"}, None),
        # HubSpot, and Zendesk
        (
            {
                "X-HubSpot-RateLimit-Max": "100",
                "X-HubSpot-RateLimit-Remaining": "0",
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            },
            10,
        ),
        ({"X-Rate-Limit-Remaining": "0", "RateLimit-Remaining": "0", "RateLimit-Reset": "41"}, 41),
        (
            {
                "RateLimit-Remaining": "600",
                "RateLimit-Reset": "41",
                "Zendesk-RateLimit-tickets-index": "total=100; remaining=0; resets=30",
            },
            30,
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(HTTPHeaderDict(DATE | headers)) == seconds


def test_a_reset_is_by_the_clock_of_the_source() -> None:
    """Its clock is an hour behind ours."""
    theirs = datetime.now(UTC) - timedelta(hours=1)
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(theirs.timestamp()) + 5),
    }
    assert asked_wait(HTTPHeaderDict(headers)) == 5
    del headers["Date"]
    assert asked_wait(HTTPHeaderDict(headers)) == 0


def github(remaining: int, reset: int, limit: int = 5000) -> HTTPHeaderDict:
    told = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": EPOCH + reset}
    return HTTPHeaderDict(DATE | {name: str(value) for name, value in told.items()})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (github(4000, 60), 0),
        (github(500, 60), 0),  # a tenth is left
        (github(499, 60), 60 / 500),
        (github(9, 5), 5 / 10),
        (github(9, 3600), 1),  # a second at most while any are left
        (github(0, 3600), 3600),
        (HTTPHeaderDict({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "3"}), 0),
        (HTTPHeaderDict({"X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "3"}), 3 / 5),
        (HTTPHeaderDict({"X-RateLimit-Reset": "3"}), 0),
        (HTTPHeaderDict({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "3"}), 0),
        (HTTPHeaderDict({"Retry-After": "9"}), 0),  # no word of a limit
        (HTTPHeaderDict(), 0),
    ],
)
def test_the_last_requests_are_spread(headers: HTTPHeaderDict, seconds: float) -> None:
    assert spread(headers) == pytest.approx(seconds)


def test_a_refusal_may_be_one_of_a_limit() -> None:
    assert is_exhausted(github(0, 60))
    assert is_exhausted(HTTPHeaderDict({"Retry-After": "1"}))
    assert not is_exhausted(github(1, 60))
    assert not is_exhausted(HTTPHeaderDict())

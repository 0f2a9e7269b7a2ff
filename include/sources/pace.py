"""What a source's answers say about how often it may be asked.

Headers read: ``Retry-After`` (RFC 9110); ``RateLimit`` and ``RateLimit-Remaining``/``-Reset`` (the IETF's drafts 10 and
6); ``X-RateLimit-…`` and ``X-Rate-Limit-…``, whose reset is seconds from now or an instant, as GitHub's is;
``X-HubSpot-RateLimit-…``; ``Zendesk-RateLimit-<endpoint>``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from include.sources.fields import instant

# of the requests that are allowed, the last tenth is spread; of an unknown number, the last five requests
_LAST_SHARE = 0.1
_LAST_REQUESTS = 5
_LONGEST_SPREAD = 1.0
# more seconds than this is no wait but an instant: September 2001
_EARLIEST_EPOCH = 1e9


@dataclass(frozen=True)
class Quota:
    """Requests left until ``reset`` (seconds from now), of ``limit``; None where the source does not say."""

    remaining: float | None
    reset: float
    limit: float | None = None


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a source that refused for now asks to wait; None when it does not say."""
    if (wait := retry_after(headers)) is not None:
        return wait
    return max((quota.reset for quota in quotas(headers) if not quota.remaining), default=None)


def spread(headers: Mapping[str, str]) -> float:
    """Seconds to wait before the next request, so that the source need not refuse it; 0 while plenty are left."""
    return max(map(_spread, quotas(headers)), default=0.0)


def is_exhausted(headers: Mapping[str, str]) -> bool:
    """Whether the source says that no more requests are left, or when to come again."""
    return retry_after(headers) is not None or any(quota.remaining == 0 for quota in quotas(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now, of a header that holds seconds or a date."""
    return _seconds(headers, headers.get("retry-after"))


def quotas(headers: Mapping[str, str]) -> Iterator[Quota]:
    """Every limit that the headers tell of, with the time of its reset."""
    for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit"):
        reset = _seconds(headers, headers.get(f"{prefix}-reset") or headers.get(f"{prefix}-reset-after"))
        if reset is not None:
            limit = headers.get(f"{prefix}-limit") or headers.get(prefix)
            yield Quota(_number(headers.get(f"{prefix}-remaining")), reset, _number(limit))
    told = headers.get("ratelimit", "")
    yield from _parameters(told, "remaining", "reset", "limit")
    for policy in told.split(","):  # "burst";r=50;t=30, "day";r=9000;t=41000
        yield from _parameters(policy, "r", "t", "q")
    interval, left = (
        _number(headers.get(f"x-hubspot-ratelimit-{name}")) for name in ("interval-milliseconds", "remaining")
    )
    if interval is not None and left is not None:
        yield Quota(left, interval / 1000, _number(headers.get("x-hubspot-ratelimit-max")))
    for name, value in headers.items():
        if name.lower().startswith("zendesk-ratelimit-"):  # total=100; remaining=99; resets=41
            yield from _parameters(value, "remaining", "resets", "total")


def _parameters(value: str, remaining: str, reset: str, limit: str) -> Iterator[Quota]:
    told = {name.lower(): float(number) for name, number in re.findall(r"(\w+)\s*=\s*(\d+(?:\.\d+)?)", value)}
    if remaining in told and reset in told:
        yield Quota(told[remaining], told[reset], told.get(limit))


def _spread(quota: Quota) -> float:
    if quota.remaining is None:
        return 0.0
    if quota.remaining < 1:
        return quota.reset
    last = quota.limit * _LAST_SHARE if quota.limit else _LAST_REQUESTS
    return min(quota.reset / (quota.remaining + 1), _LONGEST_SPREAD) if quota.remaining < last else 0.0


def _seconds(headers: Mapping[str, str], value: str | None) -> float | None:
    """Seconds from now, of a number of seconds, an epoch or a date; by the source's own clock when it tells."""
    number = _number(value)
    if number is not None and number < _EARLIEST_EPOCH:
        return number
    moment = _moment(value)
    if moment is None:
        return None
    here = _moment(headers.get("date")) or datetime.now(UTC)
    return max(0.0, (moment - here).total_seconds())


def _moment(value: str | None) -> datetime | None:
    """Of a date as HTTP writes it, an ISO 8601 date or an epoch."""
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return instant(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(value: str | None) -> float | None:
    return float(value) if value and re.fullmatch(r"\s*\d+(\.\d+)?\s*", value) else None

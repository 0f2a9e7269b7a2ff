"""Whether a webhook comes from whom it says: the signatures of HubSpot and Zendesk, and a plain one.

Sources: HubSpot, "Validating requests", v3 (developers.hubspot.com/docs/apps/developer-platform/build-apps/
authentication/request-validation); Zendesk, "Verifying webhook authenticity" (developer.zendesk.com/documentation/
webhooks/verifying). All are an HMAC-SHA256 under a shared secret.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_AGE_SECONDS = 300

# HubSpot signs the address with these characters decoded, and with no others.
_DECODED = {code: chr(int(code[1:], 16)) for code in
            ("%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B")}  # fmt: skip
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


@dataclass(frozen=True)
class Delivery:
    """A request as it came: ``headers`` by lower-case name, ``url`` as the sender knows it."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """What a request claims: when it was sent (Unix seconds, None without), what was signed, and the signature."""

    sent_at: float | None
    signed: bytes
    signature: bytes

    def holds(self, secret: str, now: float) -> bool:
        """Whether the signature is the secret's, and the request no more than five minutes from ``now``.

        Takes as long for a wrong signature as for a right one.
        """
        expected = hmac.digest(secret.encode(), self.signed, hashlib.sha256)
        is_signed = hmac.compare_digest(expected, self.signature)
        is_fresh = self.sent_at is not None and abs(now - self.sent_at) <= LONGEST_AGE_SECONDS
        return is_signed and is_fresh and bool(secret)


def hubspot(delivery: Delivery) -> Claim:
    """``X-HubSpot-Signature-v3``: base64, of method, address, body and time (milliseconds)."""
    time = delivery.headers.get("x-hubspot-request-timestamp", "")
    url = _ENCODED.sub(lambda code: _DECODED[code[0].upper()], delivery.url)
    signed = b"POST" + url.encode() + delivery.body + time.encode()
    seconds = _number(time)
    sent_at = None if seconds is None else seconds / 1000
    return Claim(sent_at, signed, _base64(delivery.headers.get("x-hubspot-signature-v3", "")))


def zendesk(delivery: Delivery) -> Claim:
    """``X-Zendesk-Webhook-Signature``: base64, of time (ISO 8601) and body."""
    time = delivery.headers.get("x-zendesk-webhook-signature-timestamp", "")
    signature = _base64(delivery.headers.get("x-zendesk-webhook-signature", ""))
    return Claim(_instant(time), time.encode() + delivery.body, signature)


def plain(delivery: Delivery) -> Claim:
    """``X-CRM-Signature: t=<Unix seconds>,v1=<hex>``, of time, a full stop and body."""
    found = re.fullmatch(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", delivery.headers.get("x-crm-signature", ""))
    time, signature = found.groups() if found else ("", "")
    return Claim(_number(time), f"{time}.".encode() + delivery.body, bytes.fromhex(signature))


CLAIMS: dict[str, Callable[[Delivery], Claim]] = {"hubspot": hubspot, "zendesk": zendesk, "signed": plain}


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _instant(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""Signatures of webhooks, against what the vendors publish."""

import base64
import hashlib
import hmac

import pytest

from include.hooks.signatures import CLAIMS, Delivery

NOW = 1_772_668_800.0  # 2026-03-05T00:00:00Z


def delivery(headers: dict[str, str], body: bytes = b"{}", url: str = "https://crm.example/crm/hooks/x") -> Delivery:
    return Delivery(url, headers, body)


def test_hubspot_version_3_is_as_hubspots_own_client_computes_it() -> None:
    # HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py, test_get_signature__v3
    claim = CLAIMS["hubspot"](
        delivery(
            {
                "x-hubspot-request-timestamp": "15000000",
                "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
            },
            b"{'example_field':'example_value'}",
            "https://www.example.com/webhook_uri",
        )
    )
    assert claim.sent_at == 15_000
    assert claim.holds("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", now=15_000)


def test_hubspot_signs_the_address_with_some_characters_decoded() -> None:
    # "Validating requests": %3A %2F %3F %40 %21 %24 %27 %28 %29 %2A %2C %3B are decoded, others are not
    url = "https://crm.example/hooks?a=%3a%2F%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%C3%A9%26"
    claim = CLAIMS["hubspot"](delivery({"x-hubspot-request-timestamp": "1"}, b"", url))
    assert claim.signed == b"POSThttps://crm.example/hooks?a=:/?@!$'()*,;&b=%20%C3%A9%261"


def test_zendesk_takes_the_secret_as_it_is_written() -> None:
    # developer.zendesk.com, "Verifying webhook authenticity" as first published, which signed body and time in the
    # other order: the secret looks like base64, and is used as text
    secret, body, time = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=", b'{"say": "hello"}', "2021-07-25T10:00:00Z"
    published = "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw="
    assert (
        base64.b64encode(hmac.new(secret.encode(), body + time.encode(), hashlib.sha256).digest()) == published.encode()
    )
    # as now published: base64(HMACSHA256(TIMESTAMP + BODY))
    signature = base64.b64encode(hmac.new(secret.encode(), time.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": time}
    claim = CLAIMS["zendesk"](delivery(headers, body))
    assert claim.sent_at == 1_627_207_200  # date -u -d 2021-07-25T10:00:00Z +%s
    assert claim.holds(secret, now=1_627_207_200)


def test_the_plain_form_is_what_openssl_computes() -> None:
    # printf '1772668800.{"id": 1}' | openssl dgst -sha256 -hmac 's3cret'
    signature = "6254e25dd67b745e018ae5715d4ccec788b79b6f8e3b991361d72ac8c85e8595"
    claim = CLAIMS["signed"](delivery({"x-crm-signature": f"t=1772668800,v1={signature}"}, b'{"id": 1}'))
    assert claim.holds("s3cret", now=NOW)
    assert not claim.holds("another", now=NOW)
    assert not claim.holds("", now=NOW)


@pytest.mark.parametrize(("after", "holds"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_five_minutes_either_way_are_allowed(after: int, holds: bool) -> None:
    digest = hmac.new(b"s3cret", b"1772668800.{}", hashlib.sha256).hexdigest()
    claim = CLAIMS["signed"](delivery({"x-crm-signature": f"t=1772668800,v1={digest}"}))
    assert claim.holds("s3cret", now=NOW + after) is holds


@pytest.mark.parametrize("kind", CLAIMS)
@pytest.mark.parametrize("text", ["", "é", "t=١٢٣,v1=" + "0" * 64, "t=1,v1=0", "=" * 44, "2021-13-45", "9" * 400, "-1"])
def test_what_is_no_signature_never_holds(kind: str, text: str) -> None:
    names = [
        *("x-hubspot-request-timestamp", "x-hubspot-signature-v3", "x-zendesk-webhook-signature"),
        *("x-zendesk-webhook-signature-timestamp", "x-crm-signature"),
    ]
    for headers in ({}, dict.fromkeys(names, text)):
        assert not CLAIMS[kind](delivery(headers)).holds("s3cret", now=NOW)

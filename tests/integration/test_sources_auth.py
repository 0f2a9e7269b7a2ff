"""How a source is shown who asks; that a token may expire at any time; that no secret is told or goes elsewhere."""

import base64
import logging
from typing import Any

import pytest

from include.sources import SourceConnection, SourceError, read
from tests.api import DAY, SNAPSHOT, Answer, Api, Asked, pages, rows, source

SECRETS = ("s3cret-token", "first-token", "second-token", "r3fresh")
PAGED: dict[str, Any] = {**SNAPSHOT, "paging": {"kind": "cursor", "next": "next", "into": "params.page"}}
BASIC = "Basic " + base64.b64encode(b"ann:s3cret-token").decode()


def failure(api: Api, rest: dict[str, Any], auth: dict[str, Any], **connection: Any) -> str:
    with pytest.raises(SourceError) as caught:
        pages(api, rest, auth, **connection)
    message = f"{caught.value} {caught.value!r} {caught.value.args}"
    assert not [secret for secret in SECRETS if secret in message]
    return message


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"kind": "bearer"}, "authorization", "Bearer s3cret-token"),
        ({"kind": "basic"}, "authorization", BASIC),
        ({"kind": "header", "name": "X-Key"}, "x-key", "s3cret-token"),
        ({"kind": "query", "name": "api_key"}, "authorization", None),
        ({"kind": "none"}, "authorization", None),
    ],
)
def test_what_is_sent(api: Api, auth: dict[str, Any], header: str, value: str | None) -> None:
    pages(api, SNAPSHOT, auth)
    assert api.asked[0].headers.get(header) == value
    assert api.asked[0].query == ({"api_key": ["s3cret-token"]} if auth["kind"] == "query" else {})


def test_a_key_in_the_query_is_sent_once_and_is_in_no_log_and_no_error(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """The API repeats the key in the next page's address, and in its error."""

    def answer(asked: Asked, n: int) -> Any:
        key = asked.query["key"][0]
        if n == 3:
            return Answer({"message": f"key {key} is not allowed this"}, 400)
        return {"results": [{"id": n}], "next": f"/deals?key={key}&page={n}&tag=&x=%2F"}

    api.answer = answer
    rest = {**SNAPSHOT, "paging": {"kind": "next_url", "next": "next"}}
    with caplog.at_level(logging.DEBUG):
        message = failure(api, rest, {"kind": "query", "name": "key"}, password="s3cret token/ü")
    assert "key *** is not allowed this" in message
    assert [asked.query["key"] for asked in api.asked] == [["s3cret token/ü"]] * 3
    assert api.asked[2].query == {"key": ["s3cret token/ü"], "page": ["2"], "tag": [""], "x": ["/"]}
    assert "GET /deals" in caplog.text  # the HTTP library does tell of requests
    assert "s3cret" not in caplog.text and "page=" not in caplog.text


@pytest.mark.parametrize("kind", ["bearer", "basic"])
def test_a_secret_that_no_header_can_hold_is_not_shown(api: Api, kind: str) -> None:
    rows(api, SNAPSHOT, {"kind": kind}, password="pa\xdf") if kind == "bearer" else None
    if kind == "bearer":
        message = failure(api, SNAPSHOT, {"kind": kind}, password="s3cret-token\n")
        assert "the password of the connection shop_connection has a line break" in message
    else:  # coded, so anything goes
        rows(api, SNAPSHOT, {"kind": kind}, password="s3cret\n")


class Guarded:
    """An API that takes bearer tokens, each good for some requests, and gives new ones at /token."""

    def __init__(self, api: Api, uses: int, records: int = 10, header: str = "authorization") -> None:
        self.uses, self.records, self.header = uses, records, header
        self.given: list[str] = []
        self.asked_for_tokens: list[Asked] = []
        self.left = 0
        api.answer = self.answer

    def answer(self, asked: Asked, n: int) -> Any:
        if asked.path.endswith("/token"):
            self.asked_for_tokens.append(asked)
            self.given.append(f"token-{len(self.given)}")
            self.left = self.uses
            return {"access_token": self.given[-1], "data": {"session": self.given[-1]}, "expires_in": 3600}
        sent = asked.headers.get(self.header, "").removeprefix("Bearer ")
        if not self.given or sent != self.given[-1] or not self.left:
            return Answer({"message": f"expired: {sent}"}, 401)
        self.left -= 1
        page = int(asked.query.get("page", ["0"])[0])
        return {"results": [{"id": page}], "next": page + 1 if page + 1 < self.records else None}


CLIENT = {"kind": "oauth2", "grant": "client_credentials", "token_path": "/token"}
REFRESH = {"kind": "oauth2", "grant": "refresh_token", "token_path": "/token"}
LOGIN = {
    "kind": "login",
    "request": {"method": "POST", "path": "/token", "body": {"user": "{login}", "secret": "{password}"}},
    "token": "data.session",
}
LOGIN_HEADER = {**LOGIN, "name": "X-Session"}


@pytest.mark.parametrize("auth", [CLIENT, REFRESH, LOGIN, LOGIN_HEADER], ids=["client", "refresh", "login", "header"])
@pytest.mark.parametrize("uses", [1, 3, 100])
def test_a_token_that_expires_between_any_two_pages_costs_no_record(api: Api, auth: dict[str, Any], uses: int) -> None:
    guarded = Guarded(api, uses, header="x-session" if "name" in auth else "authorization")
    found = rows(api, PAGED, auth, extra={"refresh_token": "r3fresh"})
    assert [row["id"] for row in found] == list(range(10))
    assert len(guarded.given) == -(-10 // uses)


def test_what_a_login_sends(api: Api) -> None:
    guarded = Guarded(api, 100)
    rows(api, SNAPSHOT, {**CLIENT, "scope": "read all"})
    rows(api, SNAPSHOT, {**CLIENT, "client_auth": "basic"})
    rows(api, SNAPSHOT, REFRESH, extra={"refresh_token": "r3fresh"})
    rows(api, SNAPSHOT, LOGIN)
    rows(api, SNAPSHOT, CLIENT, base_url=f"{api.address}/v2")
    id_and_secret = {"client_id": ["ann"], "client_secret": ["s3cret-token"]}
    first, basic, refresh, login, prefixed = guarded.asked_for_tokens
    assert first.body == {"grant_type": ["client_credentials"], "scope": ["read all"], **id_and_secret}
    assert first.headers.get("authorization") is None
    assert (basic.body, basic.headers["authorization"]) == ({"grant_type": ["client_credentials"]}, BASIC)
    assert refresh.body == {"grant_type": ["refresh_token"], "refresh_token": ["r3fresh"], **id_and_secret}
    assert login.body == {"user": "ann", "secret": "s3cret-token"}
    assert prefixed.path == "/v2/token"
    assert all(asked.method == "POST" and not asked.query for asked in guarded.asked_for_tokens)


def test_a_new_refresh_token_is_used_from_then_on(api: Api) -> None:
    sent: list[str] = []

    def answer(asked: Asked, n: int) -> Any:
        if asked.path == "/token":
            sent.append(asked.body["refresh_token"][0])
            return {"access_token": f"a{len(sent)}", "refresh_token": f"r{len(sent)}"}
        # the first token is good for the first page only
        if asked.headers["authorization"] == "Bearer a1" and "page" in asked.query:
            return Answer({}, 401)
        return {"results": [{"id": n}], "next": None if "page" in asked.query else 2}

    api.answer = answer
    assert len(rows(api, PAGED, REFRESH, extra={"refresh_token": "r0"})) == 2
    assert sent == ["r0", "r1"]


def test_a_token_of_another_host_goes_there_and_the_records_secrets_do_not(api: Api) -> None:
    other = Api()
    try:
        guarded = Guarded(other, 100)
        api.answer = lambda asked, n: {"results": [{"id": asked.headers["authorization"]}]}
        auth = {"kind": "oauth2", "grant": "client_credentials", "token_url": f"{other.address}/v1/token?x=1"}
        assert rows(api, SNAPSHOT, auth) == [{"id": "Bearer token-0"}]
        assert (guarded.asked_for_tokens[0].path, guarded.asked_for_tokens[0].query) == ("/v1/token", {"x": ["1"]})
        assert [asked.path for asked in api.asked] == ["/deals"]
    finally:
        other.close()


@pytest.mark.parametrize("auth", [CLIENT, LOGIN], ids=["client", "login"])
def test_a_token_that_is_refused_at_once_is_not_asked_for_again_and_again(api: Api, auth: dict[str, Any]) -> None:
    guarded = Guarded(api, 0)
    assert "GET /deals" in (message := failure(api, SNAPSHOT, auth))
    assert "answered 401: the login was not accepted" in message
    assert "Check login and password of the connection shop_connection" in message
    assert len(guarded.given) == 1


def test_a_token_may_expire_while_a_request_is_tried_again(api: Api) -> None:
    """Each token is good for one answer, and that is a 500, but for the third one's."""
    statuses = iter([500, 401, 500, 401, 200])
    tokens: list[str] = []

    def answer(asked: Asked, n: int) -> Any:
        if asked.path == "/token":
            tokens.append(f"token-{len(tokens)}")
            return {"access_token": tokens[-1]}
        assert asked.headers["authorization"] == f"Bearer {tokens[-1]}"
        return Answer({"results": [{"id": 1}]}, next(statuses))

    api.answer = answer
    assert rows(api, SNAPSHOT, CLIENT) == [{"id": 1}]
    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer({"error": "invalid_client", "hint": "s3cret-token"}, 401), "answered 401: the login was not accepted"),
        (Answer({"error": "invalid_grant", "hint": "s3cret-token"}, 400), "answered 400: invalid_grant (POST /token)"),
        (
            Answer({"error": "s3cret-token"}, 400),
            "answered 400 (POST /token). Check the connection shop_connection, and auth: in the",
        ),
        (Answer({"token": "first-token"}), "the answer to the login has no token at 'access_token'"),
        (Answer({"access_token": {"first-token": 1}}), "the answer to the login has no token at 'access_token'"),
        (Answer(b'{"access_token": "first-token'), "the answer is not whole JSON, after"),
        (Answer(b'["first-token"]'), "the answer is not whole JSON, after"),
        (Answer(b"", 302, {"location": "http://127.0.0.1:1/"}), "answered 302, a redirect"),
    ],
)
def test_a_login_that_fails_says_what_and_not_the_secret(
    api: Api, answer: Answer, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    api.answer = lambda asked, n: answer
    with caplog.at_level(logging.DEBUG):
        assert says in failure(api, SNAPSHOT, CLIENT)
    assert not [secret for secret in SECRETS if secret in caplog.text]
    assert {asked.path for asked in api.asked} == {"/token"}


def test_a_refresh_token_that_is_not_there_is_told(api: Api) -> None:
    assert "the connection shop_connection has no refresh_token in its extra" in failure(api, SNAPSHOT, REFRESH)


def test_trouble_at_the_login_is_waited_for(api: Api) -> None:
    guarded = Guarded(api, 100)
    api.answer = lambda asked, n: Answer({}, 503, {"retry-after": "0"}) if n < 3 else guarded.answer(asked, n)
    assert len(rows(api, PAGED, CLIENT)) == 10


def test_a_password_of_one_use_is_not_sent_twice(api: Api) -> None:
    """A static secret that is refused is refused for good: asking again could lock the account."""
    api.answer = lambda asked, n: Answer({"message": "no s3cret-token"}, 401)
    failure(api, SNAPSHOT, {"kind": "basic"})
    assert len(api.asked) == 1


def test_no_secret_is_in_a_repr(api: Api) -> None:
    guarded = Guarded(api, 100)
    rows(api, SNAPSHOT, LOGIN)
    connection = api.connection(extra={"refresh_token": "r3fresh"})
    from include.sources.call import Call
    from include.sources.credentials import Credentials

    made = source(SNAPSHOT, LOGIN)
    call = Credentials(connection, made.auth, "", "shop").token_call()
    assert isinstance(call, Call) and guarded.given
    assert not [secret for secret in SECRETS if secret in repr([connection, call, made])]


def test_an_address_with_a_login_in_it_sends_none(api: Api) -> None:
    made = source(SNAPSHOT, {"kind": "none"})
    address = api.address.replace("://", "://bob:s3cret-token@")
    list(read(made, made.entities["deals"], DAY, SourceConnection(address)))
    assert "authorization" not in api.asked[0].headers

"""What the CRM's and the help desk's routes share: JSON out, limits, tokens and faults before the handler is asked."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.catalog import CLIENT_ID
from include.sandbox.faults import GARBAGE_PAGE, strikes
from include.sandbox.world import Tokens, World

Handler = Callable[[Request], Awaitable[Response]]
Answer = Callable[..., Response]


class Refusal(Exception):
    """A request that the API refuses; carries the answer in the API's own shape."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers, media_type="application/json;charset=utf-8")


async def body_of(request: Request, refuse: Callable[[str], Refusal]) -> dict[str, Any]:
    """The request's JSON object; `refuse` makes the error for anything else."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise refuse("Invalid input JSON: unable to parse the request body") from None
    if not isinstance(body, dict):
        raise refuse("Invalid input JSON: an object is expected")
    return body


def whole_number(text: str | None, default: int, refuse: Callable[[str], Refusal], name: str) -> int:
    """A query parameter that is a number of zero or more."""
    if text is None or text == "":
        return default
    if not text.isdigit():
        raise refuse(f"{name} must be a whole number, not {text!r}")
    return int(text)


async def give_token(request: Request, tokens: Tokens, secret: str, refresh_token: str | None) -> Response:
    """An access token, as RFC 6749 has it asked for: by the client's secret, and by the refresh token where one is."""
    body = await request.body()
    told = orjson.loads(body) if body.startswith(b"{") else {k: v[-1] for k, v in parse_qs(body.decode()).items()}
    if told.get("client_id") != CLIENT_ID or told.get("client_secret") != secret:
        return json({"error": "invalid_client"}, 401)
    grant = told.get("grant_type")
    if grant == "refresh_token" and (not refresh_token or told.get("refresh_token") != refresh_token):
        return json({"error": "invalid_grant"}, 400)
    if grant not in ("refresh_token", "client_credentials"):
        return json({"error": "unsupported_grant_type"}, 400)
    return json({"access_token": tokens.give(), "token_type": "bearer", "expires_in": 1800})


def used_before(request: Request, tokens: Tokens) -> int | None:
    """How often the request's bearer token was used before; None when it has none that is good."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return tokens.use(token) if kind == "Bearer" else None


async def faulty(
    world: World,
    request: Request,
    serve: Handler,
    expired: Response,
    failed: Response,
    tokens: Tokens,
    uses: int | None,
) -> Response:
    """Answers through the faults that are on. `expired` and `failed` are the API's own answers for those.

    `uses` is None for a token that was not given by the API: it is refused now and then; one that was given expires,
    but not before its first use.
    """
    faults = world.faults
    world.requests += 1
    if faults.expire_tokens and uses != 0 and strikes(faults.expire_tokens, "expired", world.requests):
        tokens.expire(request.headers["authorization"].partition(" ")[2])
        return expired
    if not (faults.garbage or faults.errors_500):
        return await serve(request)
    what = f"{request.method} {request.url.path}?{request.url.query} {(await request.body()).decode(errors='replace')}"
    if what in world.tried:
        return await serve(request)
    if strikes(faults.errors_500, "failed", what):
        world.tried.add(what)
        return failed
    if strikes(faults.garbage, "garbage", what):
        world.tried.add(what)
        if strikes(0.5, "page", what):
            return Response(GARBAGE_PAGE, 200, media_type="text/html")
        whole = (await serve(request)).body
        return Response(bytes(whole)[: len(whole) // 2], 200, media_type="application/json")
    return await serve(request)

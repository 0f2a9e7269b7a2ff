"""What the CRM's and the help desk's routes share: JSON out, limits, tokens and faults before the handler is asked."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.faults import GARBAGE_PAGE, strikes
from include.sandbox.world import World

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


async def faulty(world: World, request: Request, serve: Handler, expired: Response, failed: Response) -> Response:
    """Answers through the faults that are on. `expired` and `failed` are the API's own answers for those."""
    faults = world.faults
    world.requests += 1
    if faults.expire_tokens and strikes(faults.expire_tokens, "expired", world.requests):
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

"""The sandbox's own routes, under /_sandbox: clock, faults, truth, mail, webhooks, health."""

from collections.abc import Callable
from typing import Any

import urllib3
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.sandbox import truth
from include.sandbox.catalog import SELLER
from include.sandbox.hours import iso, parse
from include.sandbox.web import Refusal, body_of, json
from include.sandbox.webhooks import MANNERS, send
from include.sandbox.world import World

TRUTHS: dict[str, Callable[[World], Any]] = {
    "people": truth.people,
    "companies": truth.companies,
    "intents": truth.intents,
    "anomalies": truth.anomalies,
    "dirty": truth.dirty,
    "counts": truth.counts,
}


def _wrong(message: str) -> Refusal:
    return Refusal(json({"error": message}, 400))


class Controls:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        return [
            Route("/_sandbox/health", self.health),
            Route("/_sandbox/clock", self.clock, methods=["GET", "POST"]),
            Route("/_sandbox/faults", self.faults, methods=["GET", "POST"]),
            Route("/_sandbox/truth/{name}", self.truth),
            Route("/_sandbox/mail", self.mail, methods=["GET", "DELETE"]),
            Route("/_sandbox/webhooks", self.webhooks, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        self.world.refresh()
        return json({"status": "ok", "company": SELLER, "seed": self.world.company.seed, "now": iso(self.world.now),
                     "from": iso(self.world.company.start), "until": iso(self.world.company.end)})  # fmt: skip

    async def clock(self, request: Request) -> Response:
        """GET tells the clock; POST {"now": ISO instant or "real"} sets it."""
        if request.method == "POST":
            try:
                wanted = (await body_of(request, _wrong)).get("now")
            except Refusal as refusal:
                return refusal.response
            try:
                self.world.set_clock(None if wanted == "real" else parse(str(wanted)))
            except (ValueError, OverflowError):
                return json({"error": f'now takes an ISO instant or "real", not {wanted!r}'}, 400)
        return json({"now": iso(self.world.now), "real": self.world.is_real})

    async def faults(self, request: Request) -> Response:
        """GET tells the rates; POST {fault: true | false | rate} sets those named."""
        if request.method == "POST":
            try:
                self.world.set_faults(self.world.faults.changed(await body_of(request, _wrong)))
            except Refusal as refusal:
                return refusal.response
            except ValueError as wrong:
                return json({"error": str(wrong)}, 400)
        return json(self.world.faults.as_dict())

    async def truth(self, request: Request) -> Response:
        tell = TRUTHS.get(request.path_params["name"])
        if tell is None:
            return json({"error": f"there is truth about {', '.join(TRUTHS)}"}, 404)
        self.world.refresh()
        return json(tell(self.world))

    async def mail(self, request: Request) -> Response:
        """GET lists the mails received, oldest first; DELETE empties the box."""
        if request.method == "DELETE":
            self.world.mails.clear()
        return json({"mails": self.world.mails})

    async def webhooks(self, request: Request) -> Response:
        """POST {"manner": "crm" | "helpdesk", "url": …, "secret": …, "since": ISO instant} sends what changed since.

        Tells how many requests that took, and the statuses of the answers.
        """
        try:
            told = await body_of(request, _wrong)
            bodies = list(MANNERS[told["manner"]][0](self.world, parse(str(told["since"]))))
            statuses = await run_in_threadpool(send, told["manner"], bodies, str(told["url"]), str(told["secret"]))
        except Refusal as refusal:
            return refusal.response
        except (KeyError, ValueError) as wrong:
            return json({"error": f"needs manner ({', '.join(MANNERS)}), url, secret and since: {wrong}"}, 400)
        except urllib3.exceptions.HTTPError as error:
            return json({"error": f"{told['url']} does not answer: {error}"}, 502)
        return json({"sent": len(statuses), "statuses": sorted(set(statuses))})

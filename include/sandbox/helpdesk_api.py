"""The help desk, in the manner of Zendesk's API v2: incremental exports, lists, and replies to tickets."""

import base64
import binascii
import html
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.sandbox.catalog import AGENTS, GROUPS
from include.sandbox.hours import OFFICES, day_of, holidays, seconds
from include.sandbox.ledger import State
from include.sandbox.model import Change, Comment, Record
from include.sandbox.service import event_id
from include.sandbox.web import Handler, Refusal, body_of, faulty, give_token, json, used_before, whole_number
from include.sandbox.world import World

EXPORT_PAGE = 1000
PRODUCT_FIELD = 4_417_000_001
CHANNEL_OF = {"email": "email", "web": "web", "chat": "chat", "api": "api", "rule": "rule"}
VIA_NAMES = {"email": "Mail", "web": "Web form", "chat": "Chat", "api": "Web service", "rule": "Rule"}
# Minutes by priority: urgent, high, normal, low. In business hours but for the resolution of urgent ones.
SLA_TARGETS = {
    "Priority customers": {"first_reply_time": (30, 60, 120, 240), "next_reply_time": (60, 120, 240, 480),
                           "requester_wait_time": (240, 480, 960, 1920)},
    "Standard": {"first_reply_time": (60, 120, 240, 480), "next_reply_time": (120, 240, 480, 960),
                 "requester_wait_time": (480, 960, 1920, 3840), "agent_work_time": (360, 720, 1440, 2880)},
}  # fmt: skip


def error(kind: str, description: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return json({"error": kind, "description": description}, status, headers)


def invalid(description: str) -> Refusal:
    return Refusal(error("InvalidValue", description, 400))


def not_found() -> Refusal:
    return Refusal(error("RecordNotFound", "Not found", 404))


class HelpDesk:
    def __init__(self, world: World) -> None:
        self.world = world
        self.replies = 0

    def routes(self) -> list[Route]:
        api = "/api/v2"

        def get(path: str, handler: Handler) -> Route:
            return Route(f"{api}/{path}", self._open(handler), methods=["GET"])

        return [
            get("incremental/tickets/cursor{suffix:path}", self.tickets_export),
            get("incremental/users/cursor{suffix:path}", self.users_export),
            get("incremental/ticket_events{suffix:path}", self.events_export),
            get("business_hours/schedules/{id:int}/holidays{suffix:path}", self.holidays),
            get("business_hours/schedules{suffix:path}", self.schedules),
            get("tickets/{id:int}/comments{suffix:path}", self.comments),
            get("slas/policies{suffix:path}", self.sla_policies),
            get("satisfaction_ratings{suffix:path}", self.satisfaction),
            get("organizations{suffix:path}", self.organizations),
            get("groups{suffix:path}", self.groups),
            get("users/show_many{suffix:path}", self.many_users),
            get("users/{name}", self.user),
            get("users{suffix:path}", self.users),
            get("tickets/show_many{suffix:path}", self.many_tickets),
            get("tickets/{name}", self.ticket),
            Route(f"{api}/tickets/{{name}}", self._open(self.reply), methods=["PUT"]),
            Route(f"{api}/{{rest:path}}", self._open(self.unknown)),
            Route("/oauth/tokens", self.token, methods=["POST"]),
        ]

    def _open(self, handler: Handler) -> Handler:
        """The handler behind token, rate limit and faults."""

        async def serve(request: Request) -> Response:
            suffix = request.path_params.get("suffix")
            if suffix not in (None, "", ".json"):
                return error("InvalidEndpoint", "Not found", 404)
            unknown = json({"error": "Couldn't authenticate you"}, 401)
            uses = used_before(request, self.world.desk_tokens)
            if uses is None and not self._authenticated(request.headers.get("authorization", "")):
                return unknown
            wait = self.world.desk_limit.wait()
            if wait:
                return error(
                    "APIRateLimitExceeded", "Number of allowed API requests per minute exceeded", 429,
                    {"Retry-After": str(int(wait) + 1), "X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0"},
                )  # fmt: skip
            self.world.refresh()
            try:
                failed = error("InternalError", "Something went wrong", 500)
                return await faulty(
                    self.world, request, handler, unknown, failed, tokens=self.world.desk_tokens, uses=uses
                )
            except Refusal as refusal:
                return refusal.response

        return serve

    def _authenticated(self, header: str) -> bool:
        kind, _, secret = header.partition(" ")
        try:
            user, _, token = base64.b64decode(secret).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind.lower() == "basic" and user.endswith("/token") and token == self.world.desk_token

    async def token(self, request: Request) -> Response:
        return await give_token(request, self.world.desk_tokens, self.world.desk_token, None)

    async def unknown(self, request: Request) -> Response:
        return error("InvalidEndpoint", "Not found", 404)

    # incremental exports

    async def tickets_export(self, request: Request) -> Response:
        return self._cursor_export(request, "tickets", self._show_ticket)

    async def users_export(self, request: Request) -> Response:
        return self._cursor_export(request, "users", self._show_user)

    def _cursor_export(self, request: Request, entity: str, show: Callable[[State], dict[str, Any]]) -> Response:
        """By (generated second, id), from a start time or after a cursor that names such a pair."""
        per_page = self._per_page(request)
        entries = self.world.ledgers[entity].order
        cursor = request.query_params.get("cursor")
        if cursor:
            at, number = _decode(cursor)
            first = bisect_left(entries, (at, number + 1))
        else:
            at, number = self._start_time(request) * 1000, 0
            first = bisect_left(entries, (at,))
        page = entries[first : first + per_page]
        end = first + per_page >= len(entries)
        last = page[-1][:2] if page else (at, number)
        after = _encode(*last)
        here = str(request.url).split("?")[0]
        return json({
            entity: [show(state) for _, _, state in page],
            "after_url": f"{here}?cursor={after}&per_page={per_page}",
            "before_url": None,
            "after_cursor": after,
            "before_cursor": None,
            "end_of_stream": end,
        })  # fmt: skip

    async def events_export(self, request: Request) -> Response:
        """Time-based: a page holds all events of its last second, and the next one starts with that second again."""
        start = self._start_time(request)
        stream = self.world.ledgers["tickets"].stream
        first = bisect_left(stream, (start * 1000,))
        stop = min(first + EXPORT_PAGE, len(stream))
        if stop > first:
            stop = bisect_left(stream, ((stream[stop - 1][0] // 1000 + 1) * 1000,))
        end_time = stream[stop - 1][0] // 1000 if stop > first else start
        end = stop >= len(stream)
        following = end_time + 1 if end_time == start and not end else end_time
        with_comments = "comment_events" in request.query_params.get("include", "").split(",")
        link = request.url.include_query_params(start_time=following)
        return json({
            "ticket_events": [self._show_event(place, i, with_comments) for _, place, i in stream[first:stop]],
            "next_page": str(link),
            "count": stop - first,
            "end_of_stream": end,
            "end_time": end_time,
        })  # fmt: skip

    def _start_time(self, request: Request) -> int:
        text = request.query_params.get("start_time")
        if text is None:
            raise invalid("start_time is required")
        start = whole_number(text, 0, invalid, "start_time")
        if start > self.world.now // 1000 - 60:
            raise Refusal(
                error("StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds", 422)
            )
        return start

    def _per_page(self, request: Request) -> int:
        per_page = whole_number(request.query_params.get("per_page"), EXPORT_PAGE, invalid, "per_page")
        return max(1, min(per_page, EXPORT_PAGE))

    # lists

    async def comments(self, request: Request) -> Response:
        state = self._ticket_state(request.path_params["id"])
        told = [self._show_comment(c) for c in state.record.log[: state.applied] if c.comment is not None]
        return self._list(request, "comments", told)

    async def users(self, request: Request) -> Response:
        roles = request.query_params.getlist("role") + request.query_params.getlist("role[]")
        states = self.world.ledgers["users"].by_id
        found = [state for state in states if not roles or state.values["role"] in roles]
        return self._list(request, "users", found, self._show_user)

    async def user(self, request: Request) -> Response:
        state = self.world.ledgers["users"].states.get(request.path_params["name"].removesuffix(".json"))
        if state is None:
            raise not_found()
        return json({"user": self._show_user(state)})

    async def many_users(self, request: Request) -> Response:
        return self._many(request, "users", self._show_user)

    async def many_tickets(self, request: Request) -> Response:
        return self._many(request, "tickets", self._show_ticket)

    def _many(self, request: Request, entity: str, show: Callable[[State], dict[str, Any]]) -> Response:
        """Up to a hundred by their ids; those that are not there are left out."""
        ids = [id_ for id_ in request.query_params.get("ids", "").split(",") if id_]
        if len(ids) > 100:
            raise Refusal(error("TooManyValues", "show_many takes up to 100 ids", 400))
        states = self.world.ledgers[entity].states
        shown = [show(states[id_]) for id_ in dict.fromkeys(ids) if id_ in states]
        return json({entity: shown, "count": len(shown), "next_page": None, "previous_page": None})

    async def organizations(self, request: Request) -> Response:
        shown = [
            {
                "id": state.number, "name": state.values["name"], "domain_names": state.values["domain_names"],
                "tags": state.values["tags"], "details": None, "notes": None, "shared_tickets": False,
                "created_at": seconds(state.record.created), "updated_at": seconds(state.updated),
                "url": self._url(request, f"organizations/{state.number}.json"),
            }
            for state in self.world.ledgers["organizations"].by_id
        ]  # fmt: skip
        return self._list(request, "organizations", shown)

    async def groups(self, request: Request) -> Response:
        since = seconds(self.world.company.start)
        shown = [
            {"id": key, "name": name, "description": "", "default": False, "deleted": False, "is_public": True,
             "created_at": since, "updated_at": since, "url": self._url(request, f"groups/{key}.json")}
            for key, name in GROUPS.items()
        ]  # fmt: skip
        return self._list(request, "groups", shown)

    async def satisfaction(self, request: Request) -> Response:
        """Ratings updated in [start_time, end_time), epoch seconds."""
        query = request.query_params
        low = whole_number(query.get("start_time"), 0, invalid, "start_time") * 1000
        high = whole_number(query.get("end_time"), 1 << 40, invalid, "end_time") * 1000
        ledger = self.world.ledgers["satisfaction_ratings"]
        wanted = query.get("score")
        found = [s for s in ledger.modified_between(low, high) if not wanted or s.values["score"].startswith(wanted)]

        def show(state: State) -> dict[str, Any]:
            return {
                "id": state.number,
                **state.values,
                "created_at": seconds(state.record.created),
                "updated_at": seconds(state.updated),
                "url": self._url(request, f"satisfaction_ratings/{state.number}.json"),
            }

        return self._list(request, "satisfaction_ratings", found, show)

    async def sla_policies(self, request: Request) -> Response:
        since = seconds(self.world.company.start)
        shown = []
        for place, (title, metrics) in enumerate(SLA_TARGETS.items(), 1):
            vip = {"field": "current_tags", "operator": "includes", "value": "vip"}
            shown.append({
                "id": 360_000_900 + place, "title": title, "position": place,
                "description": "For customers with more than 400 people." if place == 1 else "For everybody else.",
                "filter": {"all": [vip] if place == 1 else [], "any": []},
                "policy_metrics": [
                    {"priority": priority, "metric": metric, "target": minutes, "target_in_seconds": minutes * 60,
                     "business_hours": not (priority == "urgent" and metric == "requester_wait_time")}
                    for metric, targets in metrics.items()
                    for priority, minutes in zip(("urgent", "high", "normal", "low"), targets, strict=True)
                ],
                "created_at": since, "updated_at": since,
                "url": self._url(request, f"slas/policies/{360_000_900 + place}.json"),
            })  # fmt: skip
        return json({"sla_policies": shown, "count": len(shown), "next_page": None, "previous_page": None})

    async def schedules(self, request: Request) -> Response:
        """Intervals are minutes since Sunday 00:00, in the schedule's zone."""
        since = seconds(self.world.company.start)
        shown = [
            {
                "id": office.id, "name": office.name, "time_zone": office.time_zone,
                "intervals": [
                    {"start_time": day * 1440 + office.opens * 60, "end_time": day * 1440 + office.closes * 60}
                    for day in range(1, 6)
                ],
                "created_at": since, "updated_at": since,
            }
            for office in OFFICES
        ]  # fmt: skip
        return json({"schedules": shown, "url": self._url(request, "business_hours/schedules.json")})

    async def holidays(self, request: Request) -> Response:
        """Those of the company's years."""
        office = next((office for office in OFFICES if office.id == request.path_params["id"]), None)
        if office is None:
            raise not_found()
        years = range(day_of(self.world.company.start).year, day_of(self.world.company.end).year + 1)
        shown = [
            {"id": office.id * 100 + place, "name": name, "start_date": first.isoformat(), "end_date": last.isoformat()}
            for place, (name, first, last) in enumerate(h for year in years for h in holidays(office.name, year))
        ]
        return json({"holidays": shown, "url": str(request.url)})

    def _list(
        self, request: Request, name: str, items: list[Any], show: Callable[[Any], dict[str, Any]] = dict
    ) -> Response:
        """By cursor when the request has page[…], else by page number; both in steps of 100."""
        query = request.query_params
        if "page[size]" in query or "page[after]" in query:
            size = max(1, min(whole_number(query.get("page[size]"), 100, invalid, "page[size]"), 100))
            after = _decode(query["page[after]"])[0] if query.get("page[after]") else 0
            page = items[after : after + size]
            more = after + size < len(items)
            cursor = _encode(after + len(page), 0)
            link = request.url.include_query_params(**{"page[size]": size, "page[after]": cursor})
            return json({
                name: [show(item) for item in page],
                "meta": {"has_more": more, "after_cursor": cursor if page else None, "before_cursor": None},
                "links": {"next": str(link) if more else None, "prev": None},
            })  # fmt: skip
        size = max(1, min(whole_number(query.get("per_page"), 100, invalid, "per_page"), 100))
        number = max(1, whole_number(query.get("page"), 1, invalid, "page"))
        more = number * size < len(items)
        return json({
            name: [show(item) for item in items[(number - 1) * size : number * size]],
            "count": len(items),
            "next_page": str(request.url.include_query_params(page=number + 1)) if more else None,
            "previous_page": str(request.url.include_query_params(page=number - 1)) if number > 1 else None,
        })  # fmt: skip

    # one ticket

    async def ticket(self, request: Request) -> Response:
        return json({"ticket": self._show_ticket(self._ticket_state(request.path_params["name"]))})

    async def reply(self, request: Request) -> Response:
        """Adds a comment, tags, a status: as an agent would, at the clock's now.

        With ``safe_update`` only while the ticket's last change is that of ``updated_stamp``.
        """
        state = self._ticket_state(request.path_params["name"])
        wanted = (await body_of(request, invalid)).get("ticket")
        if not isinstance(wanted, dict):
            raise invalid("ticket: an object is expected")
        if wanted.get("safe_update") in (True, "true") and wanted.get("updated_stamp") != seconds(state.updated):
            raise Refusal(error("UpdateConflict", "Safe Update prevented the update: the ticket is newer", 409))
        if state.values["status"] in ("closed", "deleted"):
            told = {"base": [{"description": "Status: closed prevents ticket update"}]}
            raise Refusal(
                json({"error": "RecordInvalid", "description": "Record validation errors", "details": told}, 422)
            )
        values: dict[str, Any] = {}
        tags = [*state.values["tags"], *(wanted.get("additional_tags") or [])]
        if wanted.get("additional_tags"):
            values["tags"] = list(dict.fromkeys(tags))
        for name in ("status", "priority", "type", "assignee_id", "group_id"):
            if name in wanted:
                values[name] = wanted[name]
        self.replies += 1
        event = event_id(state.number, 500 + self.replies)
        by = int(wanted.get("comment", {}).get("author_id") or state.values["assignee_id"] or AGENTS[-1].id)
        comment = None
        if wanted.get("comment"):
            told = wanted["comment"]
            said = told.get("body") or told.get("html_body") or ""
            if not said:
                raise invalid("comment: a body is expected")
            comment = Comment(event + 1, by, said, bool(told.get("public", True)))
        change = Change(self.world.now, values, "api", by, event, comment)
        state = self.world.ledgers["tickets"].change(state, change)
        return json(
            {"ticket": self._show_ticket(state), "audit": self._show_event(state.place, state.applied - 1, True)}
        )

    def _ticket_state(self, name: str | int) -> State:
        state = self.world.ledgers["tickets"].states.get(str(name).removesuffix(".json"))
        if state is None:
            raise not_found()
        return state

    # shapes

    def _url(self, request: Request, path: str) -> str:
        return f"{request.url.scheme}://{request.url.netloc}/api/v2/{path}"

    def _show_ticket(self, state: State) -> dict[str, Any]:
        values = state.values
        shown = {
            "id": state.number,
            "external_id": None,
            "subject": values["subject"],
            "raw_subject": values["subject"],
            "description": values["description"],
            "status": values["status"],
            "priority": values["priority"],
            "type": values["type"],
            "tags": values["tags"],
            "requester_id": values["requester_id"],
            "submitter_id": values["submitter_id"],
            "assignee_id": values["assignee_id"],
            "group_id": values["group_id"],
            "organization_id": values["organization_id"],
            "via": {"channel": CHANNEL_OF[state.record.log[0].source], "source": {"from": {}, "to": {}, "rel": None}},
            "custom_fields": [{"id": PRODUCT_FIELD, "value": values["product"]}],
            "satisfaction_rating": {"score": values["satisfaction_score"]},
            "has_incidents": False,
            "is_public": True,
            "created_at": values.get("created_at") or seconds(state.record.created),
            "updated_at": seconds(state.updated),
            "generated_timestamp": state.modified // 1000,
        }
        self.world.faults.disguise("tickets", shown, shown)
        return shown

    def _show_user(self, state: State) -> dict[str, Any]:
        values = state.values
        shown = {
            "id": state.number,
            "name": values["name"],
            "email": values["email"],
            "role": values["role"],
            "organization_id": values["organization_id"],
            "phone": values["phone"],
            "locale": values["locale"],
            "time_zone": values["time_zone"],
            "default_group_id": values["default_group_id"],
            "active": True,
            "suspended": False,
            "verified": values["role"] != "end-user",
            "created_at": seconds(state.record.created),
            "updated_at": seconds(state.updated),
        }
        self.world.faults.disguise("users", shown, shown)
        return shown

    def _show_comment(self, change: Change) -> dict[str, Any]:
        comment = change.comment
        assert comment is not None
        marked = html.escape(comment.body).replace("\n", "<br>")
        return {
            "id": comment.id,
            "type": "Comment",
            "author_id": comment.author_id,
            "body": comment.body,
            "plain_body": comment.body,
            "html_body": f'<div class="zd-comment" dir="auto">{marked}</div>',
            "public": comment.public,
            "attachments": [],
            "audit_id": change.id,
            "via": {"channel": CHANNEL_OF[change.source], "source": {"from": {}, "to": {}, "rel": None}},
            "created_at": seconds(change.at),
        }

    def _show_event(self, place: int, i: int, with_comments: bool) -> dict[str, Any]:
        record: Record = self.world.ledgers["tickets"].records[place]
        change = record.log[i]
        before: dict[str, Any] = {}
        for earlier in record.log[:i]:
            before.update(earlier.values)
        children: list[dict[str, Any]] = []
        via = {"via": VIA_NAMES[change.source], "via_reference_id": None}
        if change.comment is not None:
            number = {"id": change.comment.id, **via}
            if with_comments:
                told = self._show_comment(change)
                children.append({**told, "via_reference_id": None, "event_type": "Comment"})
            else:
                children.append({**number, "comment_present": True, "comment_public": change.comment.public,
                                 "event_type": "Comment"})  # fmt: skip
        for name, value in change.values.items():
            if name in ("description", "product", "created_at"):
                continue
            child = {"id": change.id + 10 + len(children), **via, name: value}
            if i == 0:
                if value is None:
                    continue
                child["event_type"] = "Create"
            else:
                child |= {"previous_value": before.get(name), "event_type": "Change"}
                if name == "tags":
                    child["added_tags"] = [tag for tag in value if tag not in before["tags"]]
                    child["removed_tags"] = [tag for tag in before["tags"] if tag not in value]
            children.append(child)
        return {
            "id": change.id,
            "ticket_id": int(record.id),
            "timestamp": change.at // 1000,
            "created_at": seconds(change.at),
            "updater_id": change.by,
            "via": VIA_NAMES[change.source],
            "system": {"client": None, "location": None, "latitude": None, "longitude": None},
            "event_type": "Audit",
            "child_events": children,
        }


def _encode(*numbers: int) -> str:
    return base64.urlsafe_b64encode("|".join(map(str, numbers)).encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        first, second = text.split("|")
        return int(first), int(second)
    except ValueError:
        raise invalid("cursor is not valid") from None

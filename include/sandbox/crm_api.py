"""The CRM, in the manner of HubSpot's API v3: search, lists, batches, associations, owners, pipelines, tasks."""

import operator
import uuid
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.sandbox.catalog import LOST, PIPELINE, REFRESH_TOKEN, STAGES, WON
from include.sandbox.hours import iso, parse
from include.sandbox.ledger import State
from include.sandbox.model import CRM_ENTITIES, Change, Record
from include.sandbox.web import Handler, Refusal, body_of, faulty, give_token, json, used_before, whole_number
from include.sandbox.world import World

SEARCH_LIMIT = 10_000
DATES = {"createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_createdate", "closedate", "hs_timestamp"}
NUMBERS = {"amount", "amount_in_home_currency", "numberofemployees", "annualrevenue", "hs_object_id"}
DEFAULTS = {
    "companies": ["name", "domain"],
    "contacts": ["email", "firstname", "lastname"],
    "deals": ["dealname", "amount", "closedate", "dealstage", "pipeline"],
}
COMPARE = {"EQ": operator.eq, "NEQ": operator.ne, "GTE": operator.ge, "GT": operator.gt, "LTE": operator.le,
           "LT": operator.lt}  # fmt: skip
SINGULAR = {"companies": "company", "contacts": "contact", "deals": "deal", "calls": "call", "emails": "email",
            "meetings": "meeting", "tasks": "task"}  # fmt: skip
ASSOCIATION_TYPES = {
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("deals", "companies"): 341,
    ("companies", "deals"): 342, ("deals", "contacts"): 3, ("contacts", "deals"): 4, ("contacts", "calls"): 193,
    ("calls", "contacts"): 194, ("contacts", "emails"): 197, ("emails", "contacts"): 198, ("contacts", "meetings"): 199,
    ("meetings", "contacts"): 200, ("contacts", "tasks"): 203, ("tasks", "contacts"): 204, ("deals", "calls"): 205,
    ("calls", "deals"): 206, ("deals", "emails"): 209, ("emails", "deals"): 210, ("deals", "meetings"): 211,
    ("meetings", "deals"): 212, ("deals", "tasks"): 215, ("tasks", "deals"): 216,
}  # fmt: skip
BY_NUMBER = operator.attrgetter("number")
FIRST_MADE_TASK = 39_000_000_001


def modified_name(entity: str) -> str:
    """The property that holds the time of the last change."""
    return "lastmodifieddate" if entity == "contacts" else "hs_lastmodifieddate"


def error(message: str, status: int, category: str, **more: Any) -> Response:
    """The CRM's error body."""
    told = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return json(told | more, status)


def invalid(message: str) -> Refusal:
    return Refusal(error(message, 400, "VALIDATION_ERROR"))


UNAUTHENTICATED = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at "
    "https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


class Crm:
    def __init__(self, world: World) -> None:
        self.world = world
        self.properties = {entity: self._known(entity) for entity in CRM_ENTITIES}
        self.made_tasks = 0

    def _known(self, entity: str) -> list[str]:
        names: dict[str, None] = {}
        for record in self.world.company.records[entity]:
            names.update(dict.fromkeys(record.log[0].values))
        created = "createdate" if entity in DEFAULTS else "hs_createdate"
        return list(names | dict.fromkeys((created, modified_name(entity), "hs_object_id")))

    def routes(self) -> list[Route]:
        objects = "/crm/v3/objects/{entity}"
        return [
            Route(f"{objects}/search", self._open(self.search), methods=["POST"]),
            Route(f"{objects}/batch/read", self._open(self.batch_read), methods=["POST"]),
            Route(f"{objects}/{{id}}", self._open(self.one), methods=["GET"]),
            Route(f"{objects}/{{id}}", self._open(self.update), methods=["PATCH"]),
            Route(objects, self._open(self.listing), methods=["GET"]),
            Route(objects, self._open(self.create), methods=["POST"]),
            Route("/crm/v4/associations/{entity}/{to}/batch/read", self._open(self.associations), methods=["POST"]),
            Route("/crm/v3/owners", self._open(self.owners), methods=["GET"]),
            Route("/crm/v3/owners/", self._open(self.owners), methods=["GET"]),
            Route("/crm/v3/pipelines/{entity}", self._open(self.pipelines), methods=["GET"]),
            Route("/crm/{rest:path}", self._open(self.unknown)),
            Route("/oauth/v1/token", self.token, methods=["POST"]),
        ]

    def _open(self, handler: Handler) -> Handler:
        """The handler behind token, rate limit and faults."""

        async def serve(request: Request) -> Response:
            uses = used_before(request, self.world.crm_tokens)
            if uses is None and request.headers.get("authorization") != f"Bearer {self.world.crm_token}":
                return error(UNAUTHENTICATED, 401, "INVALID_AUTHENTICATION")
            wait = self.world.crm_limit.wait()
            if wait:
                told = {
                    "status": "error",
                    "message": "You have reached your ten_secondly_rolling limit.",
                    "errorType": "RATE_LIMIT",
                    "correlationId": str(uuid.uuid4()),
                    "policyName": "TEN_SECONDLY_ROLLING",
                    "groupName": "publicapi:crm:sandbox",
                }
                return json(told, 429, {"Retry-After": str(int(wait) + 1)})
            self.world.refresh()
            try:
                return await faulty(
                    self.world, request, handler,
                    expired=error("The OAuth token used to make this call expired.", 401, "EXPIRED_AUTHENTICATION"),
                    failed=error("internal error", 500, "INTERNAL_ERROR"),
                    tokens=self.world.crm_tokens, uses=uses,
                )  # fmt: skip
            except Refusal as refusal:
                return refusal.response

        return serve

    async def token(self, request: Request) -> Response:
        return await give_token(request, self.world.crm_tokens, self.world.crm_token, REFRESH_TOKEN)

    async def unknown(self, request: Request) -> Response:
        return error(f"No route matched {request.method} {request.url.path}", 404, "OBJECT_NOT_FOUND")

    # reading

    async def search(self, request: Request) -> Response:
        entity = self._entity(request)
        body = await body_of(request, invalid)
        limit = body.get("limit", 10)
        if not isinstance(limit, int) or not 0 <= limit <= 200:
            raise invalid(f"limit must be between 0 and 200, not {limit!r}")
        offset = whole_number(str(body.get("after") or "0"), 0, invalid, "after")
        if offset >= SEARCH_LIMIT:
            raise invalid(f"The search API can page through {SEARCH_LIMIT} results; after was {offset}")
        found = self._found(entity, body.get("filterGroups") or [])
        found = self._sorted(entity, found, body.get("sorts") or [])
        page = found[offset : min(offset + limit, SEARCH_LIMIT)]
        names = self._asked(entity, body.get("properties") or [])
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [self._show(entity, state, names) for state in page],
        }
        if offset + limit < len(found):
            after = str(offset + limit)
            answer["paging"] = {"next": {"after": after, "link": f"{request.url.replace(query='')}?after={after}"}}
        return json(answer)

    def _found(self, entity: str, groups: list[dict[str, Any]]) -> list[State]:
        """Unarchived records that match one of the groups, by modification."""
        ledger = self.world.ledgers[entity]
        if len(groups) > 5:
            raise invalid("There are more than 5 filter groups")
        for group in groups:
            if not 1 <= len(group.get("filters") or []) <= 6:
                raise invalid("A filter group takes 1 to 6 filters")
        low, high = 0, 1 << 60
        told = [group["filters"] for group in groups]
        if len(told) == 1:  # what an incremental reader asks: the index answers it
            low, high = self._window(entity, told[0])
            told = [[f for f in told[0] if not self._is_window(entity, f)]]
        tests = [[self._test(entity, f) for f in filters] for filters in told]
        live = [state for state in ledger.modified_between(low, high) if state.archived_at is None]
        if len(tests) == 1:
            for test in tests[0]:
                live = [state for state in live if test(state)]
            return live
        return [s for s in live if any(all(test(s) for test in group) for group in tests)] if tests else live

    @staticmethod
    def _is_window(entity: str, told: dict[str, Any]) -> bool:
        """Whether the filter only bounds the time of modification."""
        bounds = ("GTE", "GT", "LTE", "LT", "EQ", "BETWEEN")
        return told.get("propertyName") == modified_name(entity) and told.get("operator") in bounds

    def _window(self, entity: str, filters: list[dict[str, Any]]) -> tuple[int, int]:
        """[low, high) of all such filters together, in ms."""
        low, high = 0, 1 << 60
        for told in filters:
            if not self._is_window(entity, told):
                continue
            kind = told["operator"]
            value = self._value(told["propertyName"], told.get("value"))
            if kind in ("GTE", "EQ", "BETWEEN"):
                low = max(low, value)
            if kind == "GT":
                low = max(low, value + 1)
            if kind == "LT":
                high = min(high, value)
            if kind in ("LTE", "EQ"):
                high = min(high, value + 1)
            if kind == "BETWEEN":
                high = min(high, self._value(told["propertyName"], told.get("highValue")) + 1)
        return low, high

    def _test(self, entity: str, told: dict[str, Any]) -> Callable[[State], bool]:
        name, kind = told.get("propertyName"), told.get("operator")
        if name not in self.properties[entity]:
            raise invalid(f"Property {name!r} does not exist on {entity}")
        get = self._getter(entity, name)
        if kind in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            wanted = kind == "HAS_PROPERTY"
            return lambda state: (get(state) is not None) == wanted
        if kind == "BETWEEN":
            low, high = self._value(name, told.get("value")), self._value(name, told.get("highValue"))
            return lambda state: (mine := get(state)) is not None and low <= mine <= high
        if kind == "IN":
            among = {self._value(name, value) for value in told.get("values") or []}
            return lambda state: get(state) in among
        if kind not in COMPARE:
            raise invalid(f"{kind!r} is not an operator of this API")
        compare, value = COMPARE[kind], self._value(name, told.get("value"))
        return lambda state: (mine := get(state)) is not None and compare(mine, value)

    def _getter(self, entity: str, name: str) -> Callable[[State], Any]:
        """What a state holds for a property, in a form that compares; None when it is not set or unreadable."""
        if name == modified_name(entity):
            return lambda state: state.modified
        if name == "hs_object_id":
            return lambda state: state.number

        def get(state: State) -> Any:
            value = state.values.get(name)
            if value is None or value == "":
                return None
            try:
                return self._comparable(name, value)
            except ValueError:
                return None

        return get

    def _value(self, name: str, value: Any) -> Any:
        if value is None or value == "":
            raise invalid(f"A filter on {name} needs a value")
        try:
            return self._comparable(name, str(value))
        except ValueError:
            raise invalid(f"{value!r} is not a value for {name}") from None

    @staticmethod
    def _comparable(name: str, value: str) -> Any:
        if name in DATES:
            return parse(value)
        return float(value) if name in NUMBERS else value.lower()

    def _sorted(self, entity: str, states: list[State], sorts: list[Any]) -> list[State]:
        """By the first sort given; else by creation, as ids are."""
        told = sorts[0] if sorts else {"propertyName": "hs_object_id"}
        if isinstance(told, str):
            told = {"propertyName": told.lstrip("-"), "direction": "DESCENDING" if told[0] == "-" else "ASCENDING"}
        name = told.get("propertyName")
        if name not in self.properties[entity]:
            raise invalid(f"Property {name!r} does not exist on {entity}")
        if name == "hs_object_id":
            return sorted(states, key=BY_NUMBER, reverse=told.get("direction") == "DESCENDING")
        get = self._getter(entity, name)
        return sorted(
            states, key=lambda state: (get(state) is not None, get(state) or 0, state.number),
            reverse=told.get("direction") == "DESCENDING",
        )  # fmt: skip

    async def listing(self, request: Request) -> Response:
        entity = self._entity(request)
        query = request.query_params
        archived = query.get("archived", "false") == "true"
        history = _names(query.get("propertiesWithHistory"))
        most = 50 if history else 100
        limit = whole_number(query.get("limit"), 10, invalid, "limit")
        if not 1 <= limit <= most:
            raise invalid(f"limit must be between 1 and {most}, not {limit}")
        after = whole_number(query.get("after"), 0, invalid, "after")
        states = [
            s for s in self.world.ledgers[entity].by_id if s.number > after and (s.archived_at is not None) == archived
        ]
        page = states[:limit]
        names = self._asked(entity, _names(query.get("properties")))
        tos = _names(query.get("associations"))
        answer: dict[str, Any] = {"results": [self._show(entity, s, names, history, tos) for s in page]}
        if len(states) > limit:
            link = str(request.url.include_query_params(after=page[-1].record.id))
            answer["paging"] = {"next": {"after": page[-1].record.id, "link": link}}
        return json(answer)

    async def one(self, request: Request) -> Response:
        entity = self._entity(request)
        query = request.query_params
        state = self._state(entity, request.path_params["id"])
        names = self._asked(entity, _names(query.get("properties")))
        history, tos = _names(query.get("propertiesWithHistory")), _names(query.get("associations"))
        return json(self._show(entity, state, names, history, tos))

    async def batch_read(self, request: Request) -> Response:
        entity = self._entity(request)
        body = await body_of(request, invalid)
        history = body.get("propertiesWithHistory") or []
        ids = self._inputs(body, 50 if history else 100)
        names = self._asked(entity, body.get("properties") or [])
        archived = request.query_params.get("archived", "false") == "true"
        states = self.world.ledgers[entity].states
        known = {i for i in ids if i in states and (states[i].archived_at is not None) == archived}
        there = [states[i] for i in dict.fromkeys(ids) if i in known]
        missing = [i for i in ids if i not in known]
        answer: dict[str, Any] = self._complete([self._show(entity, state, names, history) for state in there])
        if missing:
            told = {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": f"Could not get some {SINGULAR[entity].upper()} objects, they may be deleted or not exist.",
                "context": {"ids": missing},
            }
            answer |= {"numErrors": 1, "errors": [told]}
        return json(answer, 207 if missing else 200)

    async def associations(self, request: Request) -> Response:
        entity, to = self._entity(request), request.path_params["to"]
        if (entity, to) not in ASSOCIATION_TYPES:
            raise invalid(f"There is no association between {entity} and {to}")
        kind = {"category": "HUBSPOT_DEFINED", "typeId": ASSOCIATION_TYPES[entity, to], "label": None}
        results, errors = [], []
        for i in self._inputs(await body_of(request, invalid), 1000):
            others = self.world.visible_links(entity, i, to) if i in self.world.ledgers[entity].states else []
            if others:
                linked = [{"toObjectId": int(other), "associationTypes": [kind]} for other in others]
                results.append({"from": {"id": i}, "to": linked})
            else:
                errors.append({
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {SINGULAR[to]} is associated with {SINGULAR[entity]} {i}.",
                    "context": {"fromObjectId": [i], "fromObjectType": [entity], "toObjectType": [to]},
                })  # fmt: skip
        answer = self._complete(results)
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return json(answer, 207 if errors else 200)

    async def owners(self, request: Request) -> Response:
        query = request.query_params
        archived = query.get("archived", "false") == "true"
        limit = whole_number(query.get("limit"), 100, invalid, "limit")
        if not 1 <= limit <= 500:
            raise invalid(f"limit must be between 1 and 500, not {limit}")
        after = whole_number(query.get("after"), 0, invalid, "after")
        now = self.world.now
        found = []
        for owner in self.world.company.owners:
            gone = owner["archived_at"] is not None and owner["archived_at"] <= now
            if gone == archived and int(owner["id"]) > after:
                shown = {key: value for key, value in owner.items() if key != "archived_at"}
                updated = iso(owner["archived_at"]) if gone else owner["createdAt"]
                found.append({**shown, "updatedAt": updated, "archived": gone, "type": "PERSON"})
        answer: dict[str, Any] = {"results": found[:limit]}
        if len(found) > limit:
            link = str(request.url.include_query_params(after=found[limit - 1]["id"]))
            answer["paging"] = {"next": {"after": found[limit - 1]["id"], "link": link}}
        return json(answer)

    async def pipelines(self, request: Request) -> Response:
        if request.path_params["entity"] != "deals":
            return json({"results": []})
        since = iso(self.world.company.start)
        stages = [(key, label, probability, False) for key, label, probability, _ in STAGES]
        stages += [(WON, "Closed Won", 1.0, True), (LOST, "Closed Lost", 0.0, True)]
        shown = [
            {
                "id": key, "label": label, "displayOrder": place, "archived": False, "createdAt": since,
                "updatedAt": since, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                "metadata": {"isClosed": str(closed).lower(), "probability": f"{probability:.1f}"},
            }
            for place, (key, label, probability, closed) in enumerate(stages)
        ]  # fmt: skip
        pipeline = {"id": PIPELINE, "label": "Sales Pipeline", "displayOrder": 0, "archived": False}
        return json({"results": [{**pipeline, "createdAt": since, "updatedAt": since, "stages": shown}]})

    # writing

    async def create(self, request: Request) -> Response:
        if self._entity(request) != "tasks":
            raise Refusal(error("This portal takes new records only as tasks", 405, "METHOD_NOT_ALLOWED"))
        body = await body_of(request, invalid)
        values = self._written(body)
        if not values.get("hs_timestamp"):
            raise invalid("Error creating TASK. Some required properties were not set: hs_timestamp")
        now = self.world.now
        new = {"hs_createdate": iso(now), "hs_task_status": "NOT_STARTED"} | values
        record = Record("tasks", str(FIRST_MADE_TASK + self.made_tasks), [Change(now, new, "INTEGRATION")])
        self.made_tasks += 1
        for told in body.get("associations") or []:
            target = str((told.get("to") or {}).get("id", ""))
            for to in ("deals", "contacts"):
                type_ids = {kind.get("associationTypeId") for kind in told.get("types") or []}
                if ASSOCIATION_TYPES["tasks", to] in type_ids:
                    self._state(to, target)
                    self.world.link("tasks", record.id, to, target)
        state = self.world.ledgers["tasks"].add(record)
        return json(self._show("tasks", state, self.properties["tasks"]), 201)

    async def update(self, request: Request) -> Response:
        if self._entity(request) != "tasks":
            raise Refusal(error("This portal takes changes only to tasks", 405, "METHOD_NOT_ALLOWED"))
        state = self._state("tasks", request.path_params["id"])
        values = self._written(await body_of(request, invalid))
        state = self.world.ledgers["tasks"].change(state, Change(self.world.now, values, "INTEGRATION"))
        return json(self._show("tasks", state, self.properties["tasks"]))

    def _written(self, body: dict[str, Any]) -> dict[str, str | None]:
        values = body.get("properties")
        if not isinstance(values, dict) or not values:
            raise invalid("properties: an object with at least one property is expected")
        for name in values:
            if name not in self.properties["tasks"]:
                raise invalid(f'Property "{name}" does not exist')
        return {name: None if value is None else str(value) for name, value in values.items()}

    # shapes

    def _entity(self, request: Request) -> str:
        entity = request.path_params["entity"]
        if entity not in CRM_ENTITIES:
            raise invalid(f"Unable to infer object type from: {entity}")
        return entity

    def _state(self, entity: str, record_id: str) -> State:
        state = self.world.ledgers[entity].states.get(record_id)
        if state is None or state.archived_at is not None:
            raise Refusal(error(f"Object not found. objectId {record_id} of {entity}", 404, "OBJECT_NOT_FOUND"))
        return state

    @staticmethod
    def _inputs(body: dict[str, Any], most: int) -> list[str]:
        inputs = body.get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(told, dict) and "id" in told for told in inputs):
            raise invalid('inputs: a list of {"id": …} is expected')
        if len(inputs) > most:
            raise invalid(f"The maximum number of inputs is {most}, there are {len(inputs)}")
        return [str(told["id"]) for told in inputs]

    def _complete(self, results: list[Any]) -> dict[str, Any]:
        at = iso(self.world.now)
        return {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}

    def _asked(self, entity: str, names: list[str]) -> list[str]:
        """The properties to send: those asked for that exist, else the usual ones; id and dates always."""
        known = self.properties[entity]
        always = ["createdate" if entity in DEFAULTS else "hs_createdate", modified_name(entity), "hs_object_id"]
        asked = [name for name in names if name in known] if names else DEFAULTS.get(entity, [])
        return list(dict.fromkeys([*asked, *always]))

    def _show(
        self, entity: str, state: State, names: list[str], history: list[str] | None = None,
        tos: list[str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        values = state.values
        properties = {name: values.get(name) for name in names}
        modified = iso(state.modified)
        properties[modified_name(entity)] = modified
        properties["hs_object_id"] = state.record.id
        shown: dict[str, Any] = {
            "id": state.record.id,
            "properties": properties,
            "createdAt": iso(state.record.created),
            "updatedAt": modified,
            "archived": state.archived_at is not None,
        }
        if state.archived_at is not None:
            shown["archivedAt"] = iso(state.archived_at)
        if history:
            shown["propertiesWithHistory"] = {name: self._history(state, name) for name in history}
        if tos:
            shown["associations"] = self._associated(entity, state.record.id, tos)
        self.world.faults.disguise(entity, shown, properties)
        return shown

    @staticmethod
    def _history(state: State, name: str) -> list[dict[str, Any]]:
        """The property's values, newest first."""
        told = []
        for change in reversed(state.record.log[: state.applied]):
            if name in change.values:
                entry = {"value": change.values[name] or "", "timestamp": iso(change.at), "sourceType": change.source}
                told.append(entry | ({"sourceId": f"userId:{change.by}"} if change.by else {}))
        return told

    def _associated(self, entity: str, record_id: str, tos: list[str]) -> dict[str, Any]:
        shown = {}
        for to in tos:
            if (entity, to) not in ASSOCIATION_TYPES:
                raise invalid(f"There is no association between {entity} and {to}")
            ids = self.world.visible_links(entity, record_id, to)
            if ids:
                kind = f"{SINGULAR[entity]}_to_{SINGULAR[to]}"
                shown[to] = {"results": [{"id": i, "type": kind} for i in ids]}
        return shown


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []

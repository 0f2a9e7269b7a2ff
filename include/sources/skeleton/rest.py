"""The skeleton of a source behind an HTTP API."""

from typing import Any

from pydantic import ValidationError

from include.sources.config.auth import Auth, BasicAuth, BearerAuth, HeaderAuth, NoAuth, QueryAuth
from include.sources.connection import SourceConnection, add_command
from include.sources.errors import LoginRefusedError, SkeletonError
from include.sources.skeleton.address import Address, parse_address
from include.sources.skeleton.found import Found, entity_of
from include.sources.skeleton.model import Asked, Skeleton
from include.sources.skeleton.paging import guess_bounds, guess_paging, placeholder
from include.sources.skeleton.sample import Sample, fetch_sample, parse_sample
from include.sources.skeleton.shape import find_records
from include.sources.yaml_lines import Line, shown


def rest_skeleton(asked: Asked, url: str, sample: bytes | None, connection: SourceConnection | None) -> Skeleton:
    """The skeleton of a source behind an HTTP API.

    :param url: address of a list of records; parameters of its query go into the request, but for secrets.
    :param sample: an answer; None asks the API for one.
    :param connection: Airflow's of that name, if there is one.
    :raises SkeletonError: when no skeleton can be made of it.
    :raises ReadFailedError: when the API gives no answer.
    """
    address = parse_address(url, connection)
    auth = _auth(asked.auth, connection, address)
    entity, feeds = entity_of(asked, address.entity)
    if sample is None:
        password = next(iter(address.secrets.values()), "")
        opened = connection or SourceConnection(address.base, password=password)
        try:
            answer = fetch_sample(address, opened, auth, asked.connection)
        except LoginRefusedError as error:
            if connection:
                raise
            command = add_command(asked.connection, "rest", auth.kind, address.base)
            raise SkeletonError(f"{error.location}: {error.what}. Make its connection first: {command}") from None
    else:
        answer = parse_sample(sample, "--sample")
    records = find_records(answer.answer, entity)
    if records is None:
        raise SkeletonError("The sample has no list of records. Give one of a day that has some, or another address.")
    found = Found(entity, feeds, records.rows)
    others = f"; further lists are at {', '.join(map(shown, records.others))}" if records.others else ""
    where = f"at {records.path}" if records.path else "the answer itself"
    found.took.append(f"records: {where}, {len(records.rows):,} in the sample{others}")
    lines = _rest_lines(found, address, answer, records.path, len(records.rows))
    if not isinstance(auth, NoAuth) or connection:
        found.took.append(f"auth: {auth.kind}")
    else:
        found.look.append("auth: none, as there is no connection yet: say how the password goes along, if there is one")
    return found.skeleton(asked, "rest", lines, address.host, auth=auth, host=address.base)


def _rest_lines(found: Found, address: Address, answer: Sample, path: str, count: int) -> tuple[Line, ...]:
    """The lines of an entity that is read from an API."""
    envelope = _without(answer.answer, path)
    paging = guess_paging(envelope, answer.headers, address.params, count)
    params = {name: value for name, value in address.params.items() if name not in paging.dropped}
    bounds = guess_bounds(params, found.version)
    found.tell(f"paging: {paging.values['kind']}: {paging.why}", is_sure=paging.is_sure)
    found.tell(f"window: {bounds.why}", is_sure=bounds.is_asked_by_time)
    request = [Line("path", address.path)]
    if bounds.params:
        request.append(Line("params", bounds.params))
    form = found.version.form if found.version else None
    ask = f"{placeholder('start', form)} and {placeholder('end', form)}"
    beside = [Line(key, value, f"guessed: {bounds.why}") for key, value in bounds.beside.items()]
    hint = (
        []
        if bounds.is_asked_by_time
        else [Line("", comment=f"fill in: ask by time, if it can be, with {ask} in params")]
    )
    rest = (
        Line("request", inner=(*hint, *request)),
        Line("records", path, "guessed"),
        Line("paging", paging.values, f"guessed: {paging.why}"),
        *beside,
    )
    return (Line("rest", inner=rest),)


def _without(answer: Any, path: str) -> Any:
    """The answer without the list at a path."""
    if not path or not isinstance(answer, dict):
        return {}
    key, _, rest = path.partition(".")
    inner = _without(answer[key], rest) if rest else {}
    return {**{name: value for name, value in answer.items() if name != key}, **({key: inner} if inner else {})}


def _auth(asked: str | None, connection: SourceConnection | None, address: Address) -> Auth:
    kinds: dict[str, Auth] = {
        "none": NoAuth(),
        "bearer": BearerAuth(kind="bearer"),
        "basic": BasicAuth(kind="basic"),
    }
    if asked is None:
        if address.secrets:
            return QueryAuth(kind="query", name=next(iter(address.secrets)))
        if connection is None or not connection.password:
            return kinds["none"]
        return kinds["basic" if connection.login else "bearer"]
    kind, _, name = asked.partition(":")
    try:
        if kind in ("header", "query"):
            return HeaderAuth(kind="header", name=name) if kind == "header" else QueryAuth(kind="query", name=name)
        if not name:
            return kinds[kind]
    except (KeyError, ValidationError):
        pass
    raise SkeletonError(
        f"--auth: {asked!r} is none of none, bearer, basic, header:NAME and query:NAME. "
        "Leave it out for the others, and write auth: into the YAML."
    )

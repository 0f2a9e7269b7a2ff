"""Filling the placeholders of a request."""

from typing import Any

from include.sources.call import Call
from include.sources.config.request import PLACEHOLDER, Request


def filled(request: Request, values: dict[str, Any], prefix: str) -> Call:
    """A request of the YAML with its placeholders filled, ready to be sent.

    :param prefix: the path in the connection's address.
    """
    path, params, body = (fill(part, values) for part in (request.path, request.params, request.body))
    return Call(request.method, prefix + path, params, body)


def fill(template: Any, values: dict[str, Any]) -> Any:
    """A value with the placeholders in its strings filled; a string that is nothing but one takes the value's type."""
    if isinstance(template, dict):
        return {key: fill(part, values) for key, part in template.items()}
    if isinstance(template, list):
        return [fill(part, values) for part in template]
    if not isinstance(template, str):
        return template
    if whole := PLACEHOLDER.fullmatch(template):
        return values[whole[1]]
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)

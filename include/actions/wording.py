"""Templates that people write in the configuration: filled with foreign names, so sandboxed, and values never run."""

from collections.abc import Set
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta
from jinja2.exceptions import TemplateAssertionError
from jinja2.sandbox import ImmutableSandboxedEnvironment


def _environment(autoescape: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(autoescape=autoescape, undefined=StrictUndefined)
    made.filters["chat"] = chat
    del made.filters["safe"]  # foreign names are never markup
    return made


def chat(text: str) -> str:
    """Text for a chat that gives ``<…>`` and ``&`` a meaning of their own, as Slack does."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


PLAIN = _environment(autoescape=False)
HTML = _environment(autoescape=True)


@cache
def template(text: str, *, is_html: bool) -> Template:
    """A text as a template; in HTML, values are escaped."""
    return (HTML if is_html else PLAIN).from_string(text)


def fill(value: Any, names: dict[str, Any]) -> Any:
    """A JSON value whose strings are templates, filled."""
    if isinstance(value, dict):
        return {key: fill(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fill(part, names) for part in value]
    return template(value, is_html=False).render(names) if isinstance(value, str) else value


def check(value: Any, names: Set[str]) -> None:
    """Check the templates in a JSON value.

    :param names: what they may name.
    :raises ValueError: when one cannot be read or names something else.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            check(part, names)
    if not isinstance(value, str):
        return
    try:
        used = meta.find_undeclared_variables(PLAIN.parse(value))
        PLAIN.from_string(value)
    except (TemplateSyntaxError, TemplateAssertionError) as error:
        raise ValueError(f"{value!r:.60} is no template: {error.message}") from None
    if unknown := used - names:
        raise ValueError(f"{value!r:.60} names {', '.join(sorted(unknown))}; there is {', '.join(sorted(names))}")

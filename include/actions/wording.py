"""Templates that people write in the configuration: filled with foreign names, so sandboxed, and values never run."""

from collections.abc import Iterator, Mapping
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


def check(value: Any, samples: Mapping[str, str]) -> None:
    """Check the templates in a JSON value, by filling them once.

    :param samples: what they may name, each with a value like those to come.
    :raises ValueError: when one cannot be read, names something else or cannot be filled; says its key.
    """
    for key, text in _strings(value):
        shown = f"{key}: {text!r:.60}"
        try:
            unknown = _named(text) - set(samples)
            filled = PLAIN.from_string(text)
        except (TemplateSyntaxError, TemplateAssertionError) as error:
            raise ValueError(f"{shown} is no template: {error.message}") from None
        if unknown:
            raise ValueError(f"{shown} names {', '.join(sorted(unknown))}; there is {', '.join(sorted(samples))}")
        try:
            filled.render(samples)
        except Exception as error:  # a template may raise anything
            told = f"{shown} cannot be filled, where all values are text: {type(error).__name__}: {error}"
            raise ValueError(told) from None


def names(value: Any) -> set[str]:
    """What the templates in a JSON value name."""
    return {name for _, text in _strings(value) for name in _named(text)}


def _named(text: str) -> set[str]:
    return meta.find_undeclared_variables(PLAIN.parse(text))


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The strings in a JSON value, each with where it is: ``body.to.0``."""
    if isinstance(value, str):
        yield key, value
        return
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, part in parts:
        yield from _strings(part, f"{key}.{name}" if key else str(name))

"""Templates that people write in the configuration: filled with foreign names, so sandboxed, and values never run."""

from collections.abc import Set
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, meta
from jinja2.exceptions import TemplateAssertionError
from jinja2.sandbox import ImmutableSandboxedEnvironment


def _environment(autoescape: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(autoescape=autoescape, undefined=StrictUndefined)
    made.filters["chat"] = chat
    return made


def chat(text: str) -> str:
    """Text for a chat that gives ``<…>`` and ``&`` a meaning of their own, as Slack does."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


PLAIN = _environment(autoescape=False)
HTML = _environment(autoescape=True)


def fill(template: Any, values: dict[str, Any]) -> Any:
    """A JSON value whose strings are templates, filled."""
    if isinstance(template, dict):
        return {key: fill(part, values) for key, part in template.items()}
    if isinstance(template, list | tuple):
        return [fill(part, values) for part in template]
    return PLAIN.from_string(template).render(values) if isinstance(template, str) else template


def check(template: Any, names: Set[str]) -> None:
    """Check the templates in a JSON value.

    :param names: what they may name.
    :raises ValueError: when one cannot be read or names something else.
    """
    if isinstance(template, dict):
        template = list(template.values())
    if isinstance(template, list | tuple):
        for part in template:
            check(part, names)
    if not isinstance(template, str):
        return
    try:
        used = meta.find_undeclared_variables(PLAIN.parse(template))
        PLAIN.from_string(template)
    except (TemplateSyntaxError, TemplateAssertionError) as error:
        raise ValueError(f"{template!r:.60} is no template: {error.message}") from None
    if unknown := used - names:
        raise ValueError(f"{template!r:.60} names {', '.join(sorted(unknown))}; there is {', '.join(sorted(names))}")

"""What a site's rules make of one page: how people write rules. Needs neither warehouse nor Airflow."""

from pathlib import Path
from typing import Any

from include.config_files import ConfigError, read_config
from include.sources.config import Source, load_source
from include.sources.web import preview

_LONGEST_VALUE = 100
_LINKS_SHOWN = 3


def scrape(site: str, url: str) -> dict[str, dict[str, Any]]:
    """What would be read of a page, for each entity of a web source: see `include.sources.site.preview`.

    :param site: the path of a source's YAML, or the name of a source.
    :raises ConfigError: when there is no such source, its file is wrong, or it is no web site.
    :raises ReadFailedError: when the page cannot be read, or robots.txt forbids it.
    """
    path = Path(site)
    source = read_config(path, Source) if path.suffix in (".yaml", ".yml") else load_source(site)
    entities = {entity.name: entity.web for entity in source.entities.values() if entity.web}
    if not entities:
        raise ConfigError(f"{site}: {source.name} is no web site, but of kind {source.kind}")
    return {name: preview(web, url) for name, web in entities.items()}


def as_text(previews: dict[str, dict[str, Any]]) -> str:
    """The previews for people."""
    return "\n".join("\n".join(_lines(name, preview)) for name, preview in previews.items())


def _lines(entity: str, preview: dict[str, Any]) -> list[str]:
    charset = preview["encoding"] + (", not what it says of itself" if preview["is_mislabelled"] else "")
    charset += ", with bytes that are no text" if preview["is_damaged"] else ""
    lines = [f"{preview['url']} ({preview['bytes']:,} bytes, {charset}), as an item of {entity}"]
    if preview["canonical"] and preview["canonical"] != preview["url"]:
        lines.append(f"names {preview['canonical']} as its own address")
    if not preview["etag"] and not preview["last_modified"]:
        lines.append("has neither ETag nor Last-Modified: every crawl transfers it whole")
    for record in preview["records"]:
        lines += ["", *_record(record)]
    if not preview["records"]:
        lines += ["", "no record: neither structured data nor a rule finds anything"]
    for kind, addresses in preview["links"].items():
        shown = ", ".join(addresses[:_LINKS_SHOWN]) + (", …" if len(addresses) > _LINKS_SHOWN else "")
        lines += ["", f"{kind}: {len(addresses)} links{': ' if addresses else ''}{shown}"]
    if preview["unused"]:
        lines += ["", "The page also tells, and no field has:"]
        for place, told in preview["unused"].items():
            lines += [f"  {place}: {name} = {_short(value)}" for name, value in told.items()]
    return lines


def _record(record: dict[str, Any]) -> list[str]:
    number = f" {record['place']}" if record["place"] else ""
    lacks = f": unreadable, missing_{record['lacks']}" if record["lacks"] else ""
    width = max(map(len, record["fields"]))
    lines = [f"record{number}{lacks}"]
    for name, field in record["fields"].items():
        if field["found_by"]:
            lines.append(f"  {name:{width}}  {_short(field['value'])}  ← {field['found_by']}")
        else:
            lines.append(f"  {name:{width}}  –")
        for selector, count in field["matches"].items():
            if field["found_by"].partition(":")[2] != selector:
                lines.append(f"  {'':{width}}     {count} matches: {selector}")
    return lines


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = "".join(character if character.isprintable() else "·" for character in text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"

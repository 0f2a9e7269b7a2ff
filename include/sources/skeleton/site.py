"""The skeleton of a source that is a web site."""

from urllib.parse import urlencode

from include.sources.config import Web
from include.sources.connection import SourceConnection
from include.sources.errors import SkeletonError
from include.sources.skeleton.address import parse_address
from include.sources.skeleton.found import Found, entity_of
from include.sources.skeleton.model import Asked, Skeleton
from include.sources.skeleton.shape import Key
from include.sources.web import preview
from include.sources.yaml_lines import Line


def site_skeleton(asked: Asked, url: str, connection: SourceConnection | None) -> Skeleton:
    """The skeleton of a source of a site's pages, which begins with one that tells of someone; it is read.

    :raises SkeletonError: when no skeleton can be made of it.
    :raises ReadFailedError: when the page cannot be read, or robots.txt forbids it.
    """
    address = parse_address(url, connection)
    entity, feeds = entity_of(asked, address.entity)
    start = address.path + (f"?{urlencode(address.params, doseq=True)}" if address.params else "")
    found = preview(Web(start=(start,), contacts=True), address.base + start)
    records = [{name: field["value"] for name, field in record["fields"].items()} for record in found["records"]]
    if not records:
        raise SkeletonError("--site: nothing on this page tells of a person or an organisation: give another page.")
    rows = [{"url": f"{found['url']}#{number}", **record} for number, record in enumerate(records, 1)]
    told = Found(entity, feeds, rows, Key(("url",), "every record of a site has it", is_known=True))
    told.look.append("pages: the first one only; say which links lead on")
    web = (
        Line("start", [start]),
        Line("contacts", True, "e-mails, phones, names and addresses are found without rules"),
        Line("", comment='follow: {allow: ["/team/"]} # fill in: which links lead to further pages'),
        Line("", comment=f"fields: # fill in: rules, as ./crm scrape {asked.name} URL shows what they find"),
    )
    return told.skeleton(asked, "web", (Line("web", inner=web),), address.host, host=address.base)

"""Structured data in a page (JSON-LD, microdata, RDFa, microformats): its people, organisations and contact points."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import lxml.html

from include.sources.site.clean import collapsed, link

Thing = dict[str, Any]

# Extractors are imported where a page needs them: together they take longer than a small crawl.

# schema.org's types below Organization, which a thing may have in its place (schema.org 29)
_ORGANISATIONS = frozenset(
    """
    Organization Airline Consortium Cooperative Corporation EducationalOrganization CollegeOrUniversity
    ElementarySchool HighSchool MiddleSchool Preschool School FundingScheme GovernmentOrganization LibrarySystem
    LocalBusiness AnimalShelter ArchiveOrganization AutomotiveBusiness AutoBodyShop AutoDealer AutoPartsStore
    AutoRental AutoRepair AutoWash GasStation MotorcycleDealer MotorcycleRepair ChildCare Dentist
    DryCleaningOrLaundry EmergencyService FireStation Hospital PoliceStation EmploymentAgency EntertainmentBusiness
    AdultEntertainment AmusementPark ArtGallery Casino ComedyClub MovieTheater NightClub FinancialService
    AccountingService AutomatedTeller BankOrCreditUnion InsuranceAgency FoodEstablishment Bakery BarOrPub Brewery
    CafeOrCoffeeShop Distillery FastFoodRestaurant IceCreamShop Restaurant Winery GovernmentOffice PostOffice
    HealthAndBeautyBusiness BeautySalon DaySpa HairSalon HealthClub NailSalon TattooParlor
    HomeAndConstructionBusiness Electrician GeneralContractor HVACBusiness HousePainter Locksmith MovingCompany
    Plumber RoofingContractor InternetCafe LegalService Attorney Notary Library LodgingBusiness BedAndBreakfast
    Campground Hostel Hotel Motel Resort SkiResort VacationRental MedicalBusiness CommunityHealth Dermatology
    DietNutrition Emergency Geriatric Gynecologic MedicalClinic CovidTestingFacility Midwifery Nursing Obstetric
    Oncologic Optician Optometric Otolaryngologic Pediatric Pharmacy Physician PhysiciansOffice IndividualPhysician
    Physiotherapy PlasticSurgery Podiatric PrimaryCare Psychiatric PublicHealth ProfessionalService RadioStation
    RealEstateAgent RecyclingCenter SelfStorage ShoppingCenter SportsActivityLocation BowlingAlley ExerciseGym
    GolfCourse PublicSwimmingPool SportsClub StadiumOrArena TennisComplex Store BikeStore BookStore ClothingStore
    ComputerStore ConvenienceStore DepartmentStore ElectronicsStore Florist FurnitureStore GardenStore GroceryStore
    HardwareStore HobbyShop HomeGoodsStore JewelryStore LiquorStore MensClothingStore MobilePhoneStore
    MovieRentalStore MusicStore OfficeEquipmentStore OutletStore PawnShop PetStore ShoeStore SportingGoodsStore
    TireShop ToyStore WholesaleStore TelevisionStation TouristInformationCenter TravelAgency MedicalOrganization
    DiagnosticLab VeterinaryCare NGO NewsMediaOrganization OnlineBusiness OnlineStore OnlineMarketplace
    PerformingGroup DanceGroup MusicGroup TheaterGroup PoliticalParty Project FundingAgency ResearchProject
    ResearchOrganization SearchRescueOrganization SportsOrganization SportsTeam WorkersUnion
    Organisation
    """.split()  # noqa: SIM905 (a page of quotes would not be clearer)
)
_TYPES = {
    "Person": frozenset(("Person", "Patient", "Individual")),  # the last is vCard's, in RDFa
    "Organization": _ORGANISATIONS,
    "ContactPoint": frozenset(("ContactPoint",)),
}
# other vocabularies' words for schema.org's: vCard, FOAF, microformats
_NAMES = {
    "fn": "name",
    "given-name": "givenName",
    "hasGivenName": "givenName",
    "family-name": "familyName",
    "hasFamilyName": "familyName",
    "surname": "familyName",
    "org": "worksFor",
    "organization-name": "worksFor",
    "tel": "telephone",
    "hasTelephone": "telephone",
    "phone": "telephone",
    "mbox": "email",
    "hasEmail": "email",
    "job-title": "jobTitle",
    "title": "jobTitle",
    "role": "jobTitle",
    "adr": "address",
    "hasAddress": "address",
    "street-address": "streetAddress",
    "locality": "addressLocality",
    "region": "addressRegion",
    "postal-code": "postalCode",
    "country-name": "addressCountry",
    "homepage": "url",
    "contactPoints": "contactPoint",
}
_ADDRESS_PARTS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
_DEEPEST = 30

logging.getLogger("pyRdfa").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Described:
    """The things of one type that one syntax of a page describes, each as its fields."""

    syntax: str
    things: list[dict[str, Any]]


def described(html: str, url: str, type_: str) -> list[Described]:
    """What each syntax of a page says of things of a type, in the order in which they are believed.

    Fields are text, ``social`` is a list; one that is not told is not there. Those of a person that are a
    company's (organisation, address, website) come from the page's first organisation when the person has none. A
    thing that is described twice counts once. Broken data is as good as none, and does not spoil what is beside it.
    """
    found = []
    for syntax, read in _SYNTAXES.items():
        things = list(_things(_resolved(read(html, url))))
        organisation = next((thing for thing in things if _is(thing, "Organization")), {})
        fields: list[dict[str, Any]] = []
        for thing in things:
            if _is(thing, type_) and (told := _fields(thing, organisation, type_)) and told not in fields:
                fields.append(told)
        if fields:
            found.append(Described(syntax, fields))
    return found


def _json_ld(html: str, url: str) -> list[Thing]:
    if "ld+json" not in html:
        return []
    from extruct.jsonld import JsonLdExtractor

    things = []
    for script in _tree(html).iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() == "application/ld+json":
            script.set("type", "application/ld+json")
            things += _tried(partial(JsonLdExtractor().extract_items, script, base_url=url))
    return [_renamed(thing) for thing in things if isinstance(thing, dict)]


def _microdata(html: str, url: str) -> list[Thing]:
    if "itemscope" not in html.lower():
        return []
    from extruct.w3cmicrodata import MicrodataExtractor

    found = _tried(lambda: MicrodataExtractor().extract_items(_tree(html), base_url=url))
    return [_renamed(_flat(item)) for item in found]


def _rdfa(html: str, url: str) -> list[Thing]:
    # property= alone is Open Graph, which tells of the page
    if "typeof" not in html.lower():
        return []
    from extruct.rdfa import RDFaExtractor
    from extruct.utils import parse_xmldom_html

    nodes = _tried(lambda: RDFaExtractor().extract_items(parse_xmldom_html(html, "utf-8"), base_url=url))
    # a graph has no order, but the page has: of two people the first is the first
    return [_renamed(_collapsed(node)) for node in _in_order(nodes, html)]


def _in_order(value: Any, html: str) -> Any:
    """The lists of a graph in the order in which their texts stand in the page."""

    def place(part: Any) -> tuple[int, str]:
        text = _first_text(part)
        position = html.find(text)
        return (position if position >= 0 else len(html), text)

    if isinstance(value, list):
        return sorted((_in_order(part, html) for part in value), key=place)
    if isinstance(value, dict):
        return {name: _in_order(part, html) for name, part in value.items()}
    return value


def _first_text(part: Any) -> str:
    """A text that tells where a piece of a graph stands: its value, or that of its name, or of any property."""
    if isinstance(part, dict):
        if "@value" in part:
            return str(part["@value"])
        named = sorted(part.items(), key=lambda pair: not pair[0].endswith(("name", "fn")))
        texts = [_first_text(inner) for name, inner in named if not name.startswith("@")]
        return next(filter(None, texts), str(part.get("@id", "")))
    if isinstance(part, list):
        return next(filter(None, map(_first_text, part)), "")
    return str(part)


def _microformats(html: str, url: str) -> list[Thing]:
    if not re.search(r"\b(h-card|vcard)\b", html):
        return []
    import mf2py

    items = _tried(lambda: mf2py.parse(html, html_parser="lxml", url=url)["items"])
    return [_renamed(_collapsed(_flat(item))) for item in items]


_SYNTAXES: dict[str, Callable[[str, str], list[Thing]]] = {
    "json_ld": _json_ld,
    "microdata": _microdata,
    "rdfa": _rdfa,
    "microformats": _microformats,
}


def _tried(extract: Callable[[], Any]) -> list:
    try:
        return list(extract())
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError, RecursionError, lxml.etree.LxmlError):
        return []  # the libraries fail in many ways on broken data


def _tree(html: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(html.encode("utf-8", "replace"), parser=lxml.html.HTMLParser(encoding="utf-8"))


def _collapsed(value: Any) -> Any:
    """With every text as a browser shows it; JSON-LD needs none of this, its texts are exact."""
    if isinstance(value, list):
        return [_collapsed(part) for part in value]
    if isinstance(value, dict):
        return {name: _collapsed(part) for name, part in value.items()}
    return collapsed(value) if isinstance(value, str) else value


def _flat(item: Any) -> Any:
    """An item of microdata or microformats in the form of JSON-LD."""
    if isinstance(item, list):
        return [_flat(part) for part in item]
    if not isinstance(item, dict):
        return item
    types = _as_list(item.get("type"))
    flat = {name: _flat(value) for name, value in item.get("properties", {}).items()}
    if "h-card" in types:
        # a card whose name is its organisation's is the organisation's own
        names, organisations = flat.get("name"), flat.get("org")
        types = ["Organization" if organisations and names == organisations else "Person"]
    if not flat and item.get("value"):
        return item["value"]
    return {
        "@type": types,
        "@id": item.get("id"),
        **flat,
        "children": _flat(item.get("children", [])),
    }


def _renamed(value: Any, depth: int = 0) -> Any:
    """With schema.org's short names: ``schema:name``, ``http://schema.org/name`` and vCard's ``fn`` are ``name``."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [_renamed(part, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    if "@value" in value:
        return value["@value"]
    thing: Thing = {}
    for name, part in value.items():
        short = name if name.startswith("@") else re.split("[/:#]", name)[-1]
        short = _NAMES.get(short, short)
        if part not in (None, "", []) and short not in thing:
            thing[short] = _renamed(part, depth + 1)
    return thing


def _resolved(things: list[Thing]) -> list[Thing]:
    """Things that only point to another one (``{"@id": "#acme"}``) replaced by it."""
    known: dict[str, Thing] = {}
    for thing in _things(things):
        id_ = thing.get("@id")
        if isinstance(id_, str) and len(thing) > len(known.get(id_, {})):
            known[id_] = thing

    def resolve(value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [resolve(part, depth + 1) for part in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"@id"}:
            # one step is enough for a name or an address; more could go round in a ring
            return known.get(str(value["@id"]), value)
        return {name: resolve(part, depth + 1) for name, part in value.items()}

    return [resolve(thing, 0) for thing in things]


def _things(block: Any, depth: int = 0) -> Iterator[Thing]:
    """Every thing in a block, however deep (``@graph``, ``mainEntity``, ``employee``), outer ones first."""
    if depth > 2 * _DEEPEST:
        return
    if isinstance(block, list):
        for part in block:
            yield from _things(part, depth + 1)
    elif isinstance(block, dict):
        yield block
        for part in block.values():
            yield from _things(part, depth + 1)


def _is(thing: Thing, type_: str) -> bool:
    """``Person``, ``schema:Person`` and ``http://schema.org/Person`` are one type."""
    return any(re.split("[/:#]", str(told))[-1] in _TYPES[type_] for told in _as_list(thing.get("@type")))


def _fields(thing: Thing, organisation: Thing, type_: str) -> dict[str, Any]:
    # a company's own mail box and telephone are nobody's: two people who share them are not one
    points = [thing, *(point for point in _as_list(thing.get("contactPoint")) if isinstance(point, dict))]
    works_for = _first(thing.get("worksFor") or thing.get("affiliation") or thing.get("memberOf"))
    address = _first(thing.get("address")) or _first(organisation.get("address"))
    parts = address if isinstance(address, dict) else {}
    parts_of_name = (_text(thing.get(part)) for part in ("givenName", "familyName"))
    name = _text(thing.get("name")) or " ".join(filter(None, parts_of_name))
    told = {
        "name": name or (_text(thing.get("contactType")) if type_ == "ContactPoint" else ""),
        "given_name": _text(thing.get("givenName")),
        "family_name": _text(thing.get("familyName")),
        "organisation": _text(works_for) or _text(organisation.get("name")),
        "job_title": _text(thing.get("jobTitle")),
        "email": next(filter(None, (link(_iri(point.get("email"))) for point in points)), ""),
        "phone": next(filter(None, (link(_iri(point.get("telephone"))) for point in points)), ""),
        "address": _address(address),
        "street": _text(parts.get("streetAddress")),
        "city": _text(parts.get("addressLocality")),
        "region": _text(parts.get("addressRegion")),
        "postal_code": _text(parts.get("postalCode")),
        "country": _text(parts.get("addressCountry")),
        "website": _iri((thing if type_ == "Organization" else organisation).get("url")),
        "social": [text for text in map(_iri, _as_list(thing.get("sameAs"))) if text],
    }
    return {field: value for field, value in told.items() if value}


def _address(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(filter(None, (_text(value.get(part)) for part in _ADDRESS_PARTS))) or _text(value.get("name"))
    return _text(value)


def _text(value: Any) -> str:
    """The text of a value, the first of several; a thing stands for its name. Text stays as it came."""
    value = _first(value)
    if isinstance(value, dict):
        value = _first(value.get("name") or value.get("value"))
    if isinstance(value, bool | dict | list) or value is None:
        return ""
    return str(value)


def _iri(value: Any) -> str:
    """The text of a value that may be an address in place of text: RDFa's ``{"@id": "mailto:ann@acme.example"}``."""
    first = _first(value)
    address = first.get("@id") if isinstance(first, dict) else None
    return _text(first) or ("" if not isinstance(address, str) or address.startswith(("_:", "#")) else address)


def _first(value: Any) -> Any:
    return next(iter(_as_list(value)), None)


def _as_list(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]

"""The columns of the staging tables, and the usual names of the fields that belong there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from include.sources.config import Feeds
from include.sources.skeleton.fields import Field, as_word, is_flag, is_number, is_time, time_form
from include.sources.skeleton.shape import WRAPPERS

Kind = Literal["text", "number", "time", "flag", "list"]

# Objects whose fields go by their own names: address.city is a city, value.amount an amount.
_TRANSPARENT = (
    *WRAPPERS,
    *("address", "location", "billingaddress", "mailingaddress", "primaryaddress", "visitingaddress", "postaladdress"),
    *("value", "amount", "price", "money", "name", "profile", "dates", "timestamps", "audit", "via"),
)


@dataclass(frozen=True)
class Column:
    """A column of a staging table: ``words`` are the usual names of its field, the likeliest first.

    A word that starts with ``#`` is of a field with whole numbers only: an ``account`` may be a key or a name. ``only``
    are the words that core knows.
    """

    words: tuple[str, ...] = ()
    kind: Kind = "text"
    only: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _text(words: str) -> Column:
    return Column(_words(words))


def _number(words: str) -> Column:
    return Column(_words(words), "number")


def _time(words: str) -> Column:
    return Column(_words(words), "time")


def _flag(words: str) -> Column:
    return Column(_words(words), "flag")


def _one_of(only: str, words: str) -> Column:
    return Column(_words(words), only=_words(only))


_CREATED = _time(
    "createdat created createdate createddate creationdate datecreated createdon createdtime createtime addtime"
    " insertedat registeredat signupdate openedat entrydate"
)
_UPDATED = _time(
    "updatedat updated lastmodified lastmodifieddate modifiedat modified updatedate modifieddate updatedon modifiedon"
)
_GONE = _flag("isdeleted deleted isarchived archived istrashed trashed deletedat archivedat")
_EMAIL = "email emailaddress mail primaryemail contactemail workemail email1 emailsvalue emailvalue emailsemail emails"
_OWNER = (
    "ownerid owner owneruserid hubspotownerid assigneeid assignedtoid assignedto assignee salesrepid salesrep repid rep"
    " salesagent agentid agent responsibleuserid responsibleid userid user accountmanager"
)
_COMPANY = "companyid accountid organizationid organisationid orgid associatedcompanyid clientid companykey accountkey"
_PERSON = "contactid personid customerid primarycontactid leadid buyerid contactkey customerkey"
_NAME = "fullname name displayname contactname customername personname realname"
_COUNTRY = _text("country countryname countrycode billingcountry addresscountry mailingcountry countryiso")
_CITY = _text("city town billingcity addresscity mailingcity locality")
_STREET = _text("street streetaddress address addressline1 address1 billingstreet mailingstreet addressstreet")
_POSTCODE = _text("postcode postalcode zip zipcode billingpostalcode mailingpostalcode addresspostalcode addresszip")
_STATE = _text("state province region billingstate mailingstate addressstate statecode")
_PHONE = _text("phone phonenumber telephone tel mobile mobilephone cell phonesvalue phonevalue phones")
_CURRENCY = _text(
    "currency currencycode currencyisocode dealcurrencycode amountcurrency valuecurrency pricecurrency currencyiso"
)

COLUMNS: dict[Feeds, dict[str, Column]] = {
    "customer": {
        "role": _one_of("customer agent", "role"),
        "email": _text(_EMAIL),
        "phone": _PHONE,
        "full_name": _text(_NAME),
        "given_name": _text("firstname givenname forename first namefirst namegiven"),
        "family_name": _text("lastname familyname surname last namelast namefamily"),
        "job_title": _text("jobtitle title position jobposition occupation"),
        "company_key": _text(f"{_COMPANY} #company #account #organization #organisation"),
        "company_name": _text("companyname company organization organisation organizationname accountname employer"),
        "country": _COUNTRY,
        "city": _CITY,
        "language": _text("language locale lang preferredlanguage hslanguage languagecode"),
        "lifecycle_stage": _text("lifecyclestage lifecycle leadstatus customerstatus stage"),
        "owner_key": _text(_OWNER),
        "created_at": _CREATED,
        "street": _STREET,
        "postcode": _POSTCODE,
        "state": _STATE,
        "website": _text("website websiteurl homepage web url"),
        "birth_date": _text("birthdate dateofbirth birthday dob"),
        "lead_status": _one_of("open converted lost", "leadoutcome leadresult conversionstatus"),
        "lead_source": _text("leadsource"),
        "converted_at": _time("converteddate convertedat convertedon conversiondate"),
    },
    "company": {
        "name": _text("name companyname accountname organizationname displayname legalname title company account"),
        "domain": _text("domain domainname domainnames domains emaildomain website websiteurl homepage"),
        "industry": _text("industry sector branch vertical industryname"),
        "country": _COUNTRY,
        "city": _CITY,
        "employees": _number("employees employeecount numberofemployees numemployees headcount noofemployees staff"),
        "annual_revenue": _number("annualrevenue revenue turnover yearlyrevenue"),
        "parent_name": _text("parentname parentcompanyname parentcompany parentaccount parent subsidiaryof"),
        "created_at": _CREATED,
        "phone": _PHONE,
        "street": _STREET,
        "postcode": _POSTCODE,
        "state": _STATE,
    },
    "rep": {
        "full_name": _text(f"{_NAME} username salesagent agent"),
        "email": _text(_EMAIL),
        "team": _text("team teamname teamsname group groupname department departmentname"),
        "manager": _text("manager managername reportsto supervisor"),
        "region": _text("region office regionaloffice territory officelocation"),
        "is_active": _flag("isactive active enabled isenabled activeflag"),
    },
    "product": {
        "name": _text("name productname title product label"),
        "series": _text("series category productline line family productfamily group type"),
        "list_price": _number("listprice price unitprice salesprice amount priceamount pricesprice cost"),
        "currency": _CURRENCY,
    },
    "pipeline_stage": {
        "pipeline_key": _text("pipelineid pipelinekey pipeline"),
        "pipeline_name": _text("pipelinename pipelinelabel"),
        "stage_key": _text("id stageid stagekey key code apiname name"),
        "stage_name": _text("name label title stagename displayname masterlabel"),
        "position": _number("position order displayorder sortorder ordernr index rank sequence orderindex"),
        "probability": _number("probability winprobability winchance dealprobability metadataprobability chance"),
        "status": _one_of("open won lost", "status outcome result state"),
    },
    "deal": {
        "name": _text("name dealname title subject opportunityname label"),
        "pipeline_key": _text("pipelineid pipelinekey pipeline"),
        "stage_key": _text("stageid stage dealstage stagekey dealstageid stagename status"),
        "amount": _number("amount value dealvalue dealamount total totalamount totalvalue closevalue price"),
        "currency": _CURRENCY,
        "owner_key": _text(_OWNER),
        "company_key": _text(f"{_COMPANY} account company organization organisation client"),
        "customer_key": _text(f"{_PERSON} contact person customer contactsid contacts"),
        "product_name": _text("productname product productsname"),
        "lead_source": _text("leadsource source origin channel utmsource hsanalyticssource"),
        "created_at": _time(f"{' '.join(_CREATED.words)} engagedate startdate"),
        "closed_at": _time("closedat closedate closetime closedon dateclosed closeddate wontime enddate"),
        "lost_reason": _text("lostreason lossreason closedlostreason reasonlost reasonforloss"),
        "stage_history": Column(),
    },
    "deal_stage_event": {
        "deal_key": _text("dealid opportunityid dealkey deal opportunity"),
        "stage_key": _text("stageid stage tostage stagename stagekey newstage dealstage"),
        "entered_at": _time(f"enteredat changedat {' '.join(_CREATED.words)} timestamp date"),
    },
    "ticket": {
        "subject": _text("subject title name summary fieldssummary"),
        "description": _text("description body content text message details fieldsdescription"),
        "status": _one_of("new open pending hold solved closed deleted", "status statusname state"),
        "priority": _one_of("low normal high urgent", "priority priorityname urgency"),
        "channel": _text("channel viachannel source via origin"),
        "tags": Column(("tags", "labels", "keywords"), "list"),
        "requester_key": _text(f"requesterid requester {_PERSON} reporterid reporter authorid customer contact"),
        "assignee_key": _text(f"assigneeid assignee responderid {_OWNER}"),
        "group_key": _text("groupid group teamid team queueid queue"),
        "company_key": _text(f"{_COMPANY} organization organisation company account"),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
    },
    "ticket_event": {
        "ticket_key": _text("ticketid ticket issueid caseid conversationid parentid"),
        "author_key": _text("authorid updaterid userid actorid creatorid author user actor createdby"),
        "event_at": _time(f"eventat occurredat timestamp {' '.join(_CREATED.words)} date time at"),
        "changes": Column(),
        "messages": Column(),
    },
    "satisfaction": {
        "ticket_key": _text("ticketid ticket issueid caseid conversationid"),
        "customer_key": _text(f"requesterid {_PERSON} userid userid customer contact"),
        "score": _one_of("good bad offered unoffered", "score rating satisfaction value"),
        "comment": _text("comment feedback text message reason"),
        "rated_at": _time(f"ratedat submittedat answeredat {' '.join(_UPDATED.words)} {' '.join(_CREATED.words)} date"),
    },
    "ticket_group": {"name": _text("name title label")},
    "survey_answer": {
        "survey": _text("survey surveyid surveyname campaign"),
        "score": _number("score rating nps npsscore answer value"),
        "comment": _text("comment feedback text message reason"),
        "customer_key": _text(_PERSON),
        "answered_at": _time(f"answeredat respondedat submittedat {' '.join(_CREATED.words)} date timestamp"),
    },
    "activity": {
        "activity_type": _one_of("call email meeting task", "activitytype type kind"),
        "subject": _text("subject title name summary description"),
        "owner_key": _text(_OWNER),
        "deal_key": _text("dealid opportunityid whatid deal opportunity dealkey dealsid deals"),
        "customer_key": _text(f"{_PERSON} whoid contact person customer contactsid contacts"),
        "occurred_at": _time(
            "occurredat activitydate starttime startat startdate startdatetime duedate dueat date timestamp"
            f" scheduledat sentat hstimestamp time {' '.join(_CREATED.words)}"
        ),
        "is_completed": _flag("iscompleted completed done isdone isclosed finished"),
    },
    "order_line": {
        "order_key": _text("orderid ordernumber orderno ordernr orderref order invoiceid invoiceno invoice"),
        "line_no": _number("lineno line linenumber lineid linenr position itemno itemnumber pos"),
        "ordered_at": _time(
            f"orderedat orderdate ordertime purchasedat purchasedate invoicedate date {' '.join(_CREATED.words)}"
        ),
        "customer_email": _text(f"customeremail buyeremail {_EMAIL}"),
        "customer_name": _text("customername buyername customer buyer name fullname"),
        "sku": _text("sku articleno articlenumber articleid productid productcode itemcode stockcode itemid article"),
        "product_name": _text("productname product itemname title description item"),
        "quantity": _number("quantity qty pieces units count amount"),
        "unit_price": _number("unitprice price priceperunit pricepiece itemprice unitamount"),
        "currency": _CURRENCY,
        "country": _COUNTRY,
    },
    "currency_rate": {
        "rate_on": _time("date rateon day time"),
        "base_currency": _text("basecurrency base"),
        "rates": Column(),
    },
    "sla_policy": {
        "title": _text("title name label"),
        "description": _text("description"),
        "position": _number("position order rank priority"),
        "conditions": Column(),
        "targets": Column(),
        "created_at": _CREATED,
    },
    "schedule": {
        "name": _text("name title label"),
        "time_zone": _text("timezone timezoneid tz"),
        "intervals": Column(),
        "created_at": _CREATED,
    },
    "holiday": {
        "schedule_key": _text("scheduleid schedule calendarid businesshoursid"),
        "name": _text("name title label"),
        "start_on": _time("startdate starton start date activitydate"),
        "end_on": _time("enddate endon end"),
    },
}

# What core cannot do without, whatever the sample has.
NEEDED: dict[Feeds, tuple[str, ...]] = {
    "customer": (),
    "company": (),
    "rep": (),
    "product": ("name",),
    "pipeline_stage": ("stage_key",),
    "deal": ("stage_key", "created_at"),
    "deal_stage_event": ("deal_key", "stage_key", "entered_at"),
    "ticket": (),
    "ticket_event": ("ticket_key",),
    "ticket_group": (),
    "satisfaction": ("ticket_key",),
    "survey_answer": ("score",),
    "activity": ("activity_type",),
    "order_line": ("order_key", "line_no"),
    "currency_rate": ("rate_on", "base_currency", "rates"),
    "sla_policy": (),
    "schedule": (),
    "holiday": (),
}

# What every record has, where the source does not tell it.
_CONSTANTS: dict[tuple[Feeds, str], str] = {
    ("customer", "role"): "customer",
    ("pipeline_stage", "pipeline_key"): "sales",
    ("pipeline_stage", "pipeline_name"): "Sales",
    ("deal", "pipeline_key"): "sales",
}
_ACTIVITIES = ("call", "email", "meeting", "task")

_ENTITIES: dict[str, Feeds] = {
    **dict.fromkeys(_words("contact customer person people user client member lead subscriber buyer"), "customer"),
    **dict.fromkeys(_words("company organization organisation account firm business"), "company"),
    **dict.fromkeys(_words("owner rep salesrep salesagent agent salesteam employee staff"), "rep"),
    **dict.fromkeys(_words("product article item sku"), "product"),
    **dict.fromkeys(_words("stage pipelinestage pipeline dealstage"), "pipeline_stage"),
    **dict.fromkeys(_words("dealhistory opportunityhistory stageevent dealstageevent"), "deal_stage_event"),
    **dict.fromkeys(_words("deal opportunity salespipeline"), "deal"),
    **dict.fromkeys(_words("ticket case issue conversation request"), "ticket"),
    **dict.fromkeys(_words("ticketevent event ticketaudit audit comment"), "ticket_event"),
    **dict.fromkeys(_words("satisfaction satisfactionrating rating csat"), "satisfaction"),
    **dict.fromkeys(_words("group ticketgroup team"), "ticket_group"),
    **dict.fromkeys(_words("surveyanswer surveyresponse nps survey"), "survey_answer"),
    **dict.fromkeys(_words("activity call email meeting task engagement"), "activity"),
    "slapolicy": "sla_policy",
    "schedule": "schedule",
    "holiday": "holiday",
    **dict.fromkeys(_words("order orderline lineitem orderitem sale invoice"), "order_line"),
}  # fmt: skip


@dataclass(frozen=True)
class Mapped:
    """A column and what fills it: a field, several whose texts are joined by a space, or a constant.

    ``doubt`` says what of the sample's values does not fit, without telling any.
    """

    column: str
    spec: Column
    fields: tuple[Field, ...] = ()
    constant: str | None = None
    doubt: str = ""

    @property
    def values(self) -> list[Any]:
        """Those of the sample that are neither null nor empty."""
        return self.fields[0].values if self.fields else []


def feeds_of(entity: str) -> Feeds | None:
    """The staging table that records of such a name feed, if the name tells."""
    word = as_word(entity)
    singulars = [word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"]
    return next((_ENTITIES[name] for name in singulars if name in _ENTITIES), None)


def map_columns(feeds: Feeds, fields: Sequence[Field], entity: str) -> list[Mapped]:
    """The columns of a staging table that the fields of a sample fill, in the table's order; each field fills one."""
    mapped: dict[str, Mapped] = {}
    taken: list[Field] = []
    usable = [field for field in fields if field.is_usable]
    for column, spec in {**COLUMNS[feeds], "is_deleted": _GONE}.items():
        field = next((field for field in _candidates(spec, usable) if field not in taken), None)
        doubt = _doubt(spec, field) if field else ""
        constant = _constant(feeds, column, entity)
        if constant and (field is None or doubt):
            mapped[column] = Mapped(column, spec, constant=constant)
        elif field:
            taken.append(field)
            mapped[column] = Mapped(column, spec, (field,), doubt=doubt)
    _join_names(feeds, mapped)
    order = [*COLUMNS[feeds], "is_deleted"]
    return sorted(mapped.values(), key=lambda one: order.index(one.column))


def _constant(feeds: Feeds, column: str, entity: str) -> str | None:
    if column == "activity_type":
        return next((word for word in _ACTIVITIES if as_word(entity).startswith(word)), None)
    return _CONSTANTS.get((feeds, column))


def _join_names(feeds: Feeds, mapped: dict[str, Mapped]) -> None:
    """A full name of first and last name, where the source has only those."""
    parts = [mapped[part].fields[0] for part in ("given_name", "family_name") if part in mapped]
    if feeds == "customer" and parts and "full_name" not in mapped:
        mapped["full_name"] = Mapped("full_name", COLUMNS[feeds]["full_name"], tuple(parts))


def _candidates(spec: Column, fields: Sequence[Field]) -> list[Field]:
    """The fields of the usual names, the likeliest first: by the whole path's name, then by that of its end."""
    found = []
    for word in spec.words:
        takes = _is_whole_number if word.startswith("#") else _TAKES[spec.kind]
        named = word.removeprefix("#")
        found += [field for field in fields if field.word == named and takes(field)]
        found += [field for field in fields if field.word != named and _inner_word(field) == named and takes(field)]
    return found


def _inner_word(field: Field) -> str:
    """The field's name without the objects around it that only group fields; all of it when there are others."""
    keys = [key for key in field.path if isinstance(key, str)]
    while len(keys) > 1 and as_word(keys[0]) in _TRANSPARENT:
        keys = keys[1:]
    return as_word("".join(keys))


def _is_whole_number(field: Field) -> bool:
    return all(str(value).isdecimal() for value in field.values)


def _is_scalar(field: Field) -> bool:
    return True


def _is_flag_or_time(field: Field) -> bool:
    return all(map(is_flag, field.values)) or time_form(field.values) is not None


def _is_no_list(field: Field) -> bool:
    return not field.in_lists


_TAKES: dict[Kind, Callable[[Field], bool]] = {
    "text": _is_scalar,
    "number": _is_no_list,
    "time": _is_no_list,
    "flag": _is_flag_or_time,
    "list": _is_scalar,
}


def _doubt(spec: Column, field: Field) -> str:
    """What speaks against a field, of the values that the sample has."""
    values = field.values
    if not values:
        return "is empty in the whole sample"
    if spec.kind == "number" and (bad := sum(not is_number(value) for value in values)):
        return f"is no number in {bad:,} of {len(values):,} records"
    if spec.kind == "time" and time_form(values) in (None, "iso", "day"):
        bad = sum(not is_time(value) for value in values)
        return f"is no time in {bad:,} of {len(values):,} records" if bad else ""
    if spec.only and (others := {value for value in values if str(value).lower() not in spec.only}):
        return f"has {len(others):,} other words than {', '.join(spec.only)}"
    return ""

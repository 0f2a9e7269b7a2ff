"""What the columns of a file of people or organisations hold: recognised by their names, then by what is in them."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.customers.cleaning.companies import COMPANY_FIELDS
from include.customers.cleaning.people import PEOPLE_FIELDS

ID = "unique_id"
FIELDS = {"person": (ID, *PEOPLE_FIELDS), "organisation": (ID, "domain", *COMPANY_FIELDS)}

_LOOKED_AT = 2_000

# Names of columns as people write them, without case and signs; the field's own name is always one.
_NAMES = {
    ID: "id recid recordid customerid contactid personid clientid userid accountid companyid uid key number recno",
    "full_name": "name fullname displayname contactname customername personname kontakt nom 姓名 名前 氏名 이름",
    "given_name": "given firstname first fname forename christianname vorname prenom nombre förnamn 名 名字 이름명",
    "family_name": "family lastname last lname surname sname nachname familienname apellido "
    "apellidos efternamn 姓 姓氏",
    "birth_date": "birthdate dateofbirth dob birthday born bday geburtsdatum geburtstag "
    "datedenaissance 出生日期 生日 生年月日",
    "national_id": "nationalid ssn socsecid socialsecuritynumber socialsecurity nin nino taxid "
    "personalnumber personnummer passport passportnumber 身份证 身份证号 身份证号码",
    "email": "emailaddress mail mailaddress emails eposta courriel correo 邮箱 电子邮件 メール",
    "phone": "phonenumber telephone tel mobile mobilephone cell cellphone telefon telefono "
    "téléphone handy fon 电话 手机 手机号 电话号码 電話番号",
    "job_title": "jobtitle position role titel beruf 职位",
    "company_name": "company companyname organisation organization organisationname organizationname "
    "employer firm firma account accountname entreprise empresa 公司 公司名称 会社名",
    "website": "web url homepage site domain www 网站",
    "street": "streetaddress address address1 addressline1 addr1 street1 strasse straße rue "
    "calle adresse 地址 街道 住所",
    "house_number": "housenumber streetnumber houseno streetno hausnummer hausnr number no 门牌号",
    "unit": "address2 addressline2 addr2 street2 apartment apt suite flat unitnumber",
    "city": "town suburb locality municipality ort stadt ville ciudad 城市 市",
    "postcode": "postalcode zip zipcode plz postleitzahl codepostal 邮编 邮政编码 郵便番号",
    "state": "province region county bundesland stateprovince statecode 省 省份 州",
    "country": "countrycode countryname land pays pais 国家 国",
    "language": "lang locale sprache preferredlanguage 语言",
    "name": "companyname company organisation organization accountname account firm firma "
    "organisationname organizationname businessname legalname 公司 公司名称 会社名",
    "industry": "sector branche 行业",
    "employees": "employeecount numberofemployees headcount mitarbeiter 员工数",
    "annual_revenue": "revenue turnover umsatz 营收",
}

_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_PHONE = r"^\s*(\+|00|\(0?\d|0\d)[\d\s()./-]{6,}\s*$"
_WEBSITE = r"^\s*(https?://|www\.)\S+\s*$"
_CONTENT = (("email", _EMAIL, 0.6), ("website", _WEBSITE, 0.6), ("phone", _PHONE, 0.8))


class ColumnError(ValueError):
    """A column or field that is not there: the message says which there are."""


@dataclass(frozen=True)
class Column:
    """What a column was taken for, and why: ``named`` by the user, by its ``name``, by its ``content``."""

    name: str
    field: str
    by: str


def recognise(table: pa.Table, kind: str, mapping: dict[str, str], aside: set[str]) -> list[Column]:
    """What each column is taken for: at most one column a field, in the order of the columns.

    :param table: text columns.
    :param kind: person or organisation.
    :param mapping: column by field, as the user says; a column that is named here is nothing else.
    :param aside: columns that are not looked at, such as the truth.
    :raises ColumnError: when a field or column of ``mapping`` is not there.
    """
    fields = FIELDS[kind]
    for field, column in mapping.items():
        if field not in fields:
            raise ColumnError(f"--map {field}={column}: there is no field {field}; the fields are {', '.join(fields)}")
        if column not in table.column_names:
            raise ColumnError(f"--map {field}={column}: no column {column!r}; there are {_listed(table.column_names)}")
    found = {field: Column(column, field, "you") for field, column in mapping.items()}
    taken = {column.name for column in found.values()} | aside
    for name in table.column_names:
        named = _by_name(name, fields)
        if named and named not in found and name not in taken and (named != ID or _is_key(table[name])):
            found[named] = Column(name, named, "its name")
            taken.add(name)
    for name in table.column_names:
        held = None if name in taken else _by_content(table[name], fields)
        if held and held not in found:
            found[held] = Column(name, held, "what is in it")
            taken.add(name)
    return sorted(found.values(), key=lambda column: table.column_names.index(column.name))


def _by_name(name: str, fields: tuple[str, ...]) -> str | None:
    plain = _plain(name)
    own = {_plain(field): field for field in fields}
    # a field's own name first: "number" is a house's where there is a better id
    return own.get(plain) or next((field for field in fields if plain in _NAMES.get(field, "").split()), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _by_content(column: pa.ChunkedArray, fields: tuple[str, ...]) -> str | None:
    values = column.drop_null()[:_LOOKED_AT]
    if not len(values):
        return None
    for field, pattern, least in _CONTENT:
        if field in fields and pc.sum(pc.match_substring_regex(values, pattern)).as_py() >= least * len(values):
            return field
    return None


def _is_key(column: pa.ChunkedArray) -> bool:
    return column.null_count == 0 and pc.count_distinct(column).as_py() == len(column)


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)

"""Each cleaner on examples from outside the code; where they come from stands beside them."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.customers.cleaning import names
from include.customers.cleaning.addresses import city_key, clean_address, clean_postcode, clean_state, clean_street
from include.customers.cleaning.countries import clean_country
from include.customers.cleaning.dates import clean_date
from include.customers.cleaning.emails import clean_email, email_key, is_public_mail_domain, is_role_mailbox
from include.customers.cleaning.languages import clean_language
from include.customers.cleaning.money import clean_money
from include.customers.cleaning.names import clean_name, formal_names, given_forms, name_key
from include.customers.cleaning.organisations import clean_organisation, organisation_key
from include.customers.cleaning.phones import clean_phone
from include.customers.cleaning.text import key
from include.customers.cleaning.websites import clean_website, registrable_domain


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        # Wikipedia, "Email address", valid and invalid examples
        ("simple@example.com", "simple@example.com", "same"),
        ("FirstName.LastName@EasierReading.org", "FirstName.LastName@easierreading.org", "lowercased"),
        ("user.name+tag+sorting@example.com", "user.name+tag+sorting@example.com", "same"),
        ("mailhost!username@example.org", "mailhost!username@example.org", "same"),
        ("user%example.com@example.org", "user%example.com@example.org", "same"),
        ('" "@example.org', '" "@example.org', "same"),
        ("abc.example.com", None, "invalid"),
        ("a@b@c@example.com", None, "invalid"),
        ('just"not"right@example.com', None, "invalid"),
        ("1234567890123456789012345678901234567890123456789012345678901234+x@example.com", None, "invalid"),
        ("i.like.underscores@but_they_are_not_allowed_in_this_part", None, "invalid"),
        ("admin@example", None, "invalid"),
        # RFC 6068 and RFC 5322, section 3.4
        ("mailto:chris@example.com?subject=hi", "chris@example.com", "unwrapped"),
        ("Pete(A nice chap) <pete@silly.example>", "pete@silly.example", "unwrapped"),
        (" ann@acme.example\n", "ann@acme.example", "trimmed"),
        ("", None, "empty"),
        (None, None, "empty"),
    ],
)
def test_emails(text: str | None, value: str | None, code: str) -> None:
    assert clean_email(text) == (value, code)


@pytest.mark.parametrize(
    "mailboxes",
    [
        # each provider's own help pages
        {"john.smith@gmail.com", "johnsmith@gmail.com", "j.o.h.n.smith@googlemail.com", "johnsmith+shop@gmail.com"},
        {"ann@fastmail.com", "ann+shop@fastmail.com", "shop@ann.fastmail.com"},
        {"nickname@yahoo.com", "nickname-keyword@yahoo.com"},
        {"jane.doe@proton.me", "janedoe@protonmail.com", "jane_doe@pm.me"},
        {"ann@outlook.com", "ann+shop@outlook.com", "ANN@outlook.com"},
        {"ann-bee@yandex.ru", "ann.bee@ya.ru"},
        {"ann.bee@acme.example", "Ann.Bee+crm@acme.example"},
    ],
)
def test_one_mailbox_has_one_key(mailboxes: set[str]) -> None:
    assert len({email_key(mailbox) for mailbox in mailboxes}) == 1


def test_dots_count_but_at_google() -> None:
    assert email_key("ann.bee@acme.example") != email_key("annbee@acme.example")
    assert email_key("a-b@acme.example") != email_key("a@acme.example")


# RFC 2142, sections 3 to 6, and common ones
@pytest.mark.parametrize(
    "local", ["info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "usenet"]
)
def test_role_mailboxes_have_no_key(local: str) -> None:
    assert is_role_mailbox(f"{local}@acme.example")
    assert email_key(f"{local.upper()}@acme.example") is None


@pytest.mark.parametrize("local", ["no-reply", "customer.service", "kontakt", "info2", "sales+de"])
def test_role_mailboxes_by_use(local: str) -> None:
    assert is_role_mailbox(f"{local}@acme.example")
    assert not is_role_mailbox(f"{local}.ann@acme.example") or "+" in local


def test_public_mail_domains() -> None:
    assert all(map(is_public_mail_domain, ["gmail.com", "qq.com", "163.com", "gmx.de", "web.de", "yahoo.co.jp"]))
    assert not any(map(is_public_mail_domain, ["acme.example", "google.com", "ibm.com", "live.example"]))


@pytest.mark.parametrize(
    ("text", "country", "value", "code"),
    [
        # ITU-T E.123: the same number in national and international notation
        ("(0609) 123 4567", "US", None, "invalid"),
        ("+22 607 123 4567", None, None, "invalid"),
        ("020 7183 8750", "GB", "+442071838750", "to_e164"),
        ("+44 (0)20 7183 8750", None, "+442071838750", "to_e164"),
        ("0044 20 7183 8750", "US", "+442071838750", "to_e164"),
        ("0044 20 7183 8750", None, "+442071838750", "to_e164"),
        ("020 7183 8750 ext. 12", "GB", "+442071838750", "to_e164+extension"),
        ("+442071838750", "US", "+442071838750", "same"),
        # NANPA: 555-0100 to 555-0199; Ofcom: 07700 900000 to 900999; both kept for fiction
        ("(617) 555-0123", "US", "+16175550123", "to_e164"),
        ("07700 900123", "GB", "+447700900123", "to_e164+possible"),
        ("1-800-FLOWERS", "US", "+18003569377", "to_e164"),
        ("010 5555 0123", "CN", "+861055550123", "to_e164"),
        ("030 23125123", None, None, "invalid"),
        ("call me", "US", None, "invalid"),
        ("  ", "US", None, "empty"),
    ],
)
def test_phones(text: str, country: str | None, value: str | None, code: str) -> None:
    assert clean_phone(text, country) == (value, code)


@pytest.mark.parametrize(
    ("text", "full", "given_name", "family", "prefix", "suffix"),
    [
        ("Müller, Jürgen", "Jürgen Müller", "Jürgen", "Müller", None, None),
        ("Dr. Jane Q. Smith Jr.", "Jane Q. Smith", "Jane Q.", "Smith", "Dr.", "Jr."),
        ("Ludwig van Beethoven", "Ludwig van Beethoven", "Ludwig", "van Beethoven", None, None),
        ("van der Berg", "van der Berg", None, "van der Berg", None, None),
        ("JAN VAN DER BERG", "Jan van der Berg", "Jan", "van der Berg", None, None),
        ("SEAN O'BRIEN", "Sean O'Brien", "Sean", "O'Brien", None, None),
        ("ronald mcdonald", "Ronald McDonald", "Ronald", "McDonald", None, None),
        ("Herr Müller", "Müller", None, "Müller", "Herr", None),
        ("Frau Dr. Anna-Maria Schmidt", "Anna-Maria Schmidt", "Anna-Maria", "Schmidt", "Frau Dr.", None),
        ("Jane Smith, PhD", "Jane Smith", "Jane", "Smith", None, "PhD"),
        ("JP SMITH", "JP Smith", "JP", "Smith", None, None),
        ("Wang Xiaoming", "Wang Xiaoming", "Wang", "Xiaoming", None, None),
        ("Иван Петров", "Иван Петров", "Иван", "Петров", None, None),
        # Wikipedia, "Chinese compound surname"; "Japanese name"; "Korean name"; honorifics of each
        ("王小明", "王小明", "小明", "王", None, None),
        ("欧阳 娜娜", "欧阳娜娜", "娜娜", "欧阳", None, None),
        ("司马相如", "司马相如", "相如", "司马", None, None),
        ("王小明先生", "王小明", "小明", "王", None, "先生"),
        ("王女士", "王", None, "王", None, "女士"),
        ("山田 太郎", "山田 太郎", "太郎", "山田", None, None),
        ("高橋 みなみ", "高橋 みなみ", "みなみ", "高橋", None, None),
        ("田中さん", "田中", None, "田中", None, "さん"),
        ("김민준씨", "김민준", "민준", "김", None, "씨"),
    ],
)
def test_names(
    text: str, full: str, given_name: str | None, family: str | None, prefix: str | None, suffix: str | None
) -> None:
    assert clean_name(text)[:5] == (full, given_name, family, prefix, suffix)


@pytest.mark.parametrize(
    ("given_name", "family", "clean"),
    [
        ("Dr. Jane", "Smith Jr.", ("Jane Smith", "Jane", "Smith", "Dr.", "Jr.", "title+suffix")),
        ("Mary Ann", "Lee Jones", ("Mary Ann Lee Jones", "Mary Ann", "Lee Jones", None, None, "same")),
        ("Ma", "Do", ("Ma Do", "Ma", "Do", None, None, "same")),
        ("ann ", "VAN DER BERG", ("Ann van der Berg", "Ann", "van der Berg", None, None, "trimmed+cased")),
        ("JP", "Smith", ("JP Smith", "JP", "Smith", None, None, "same")),
        ("小明", "王", ("王小明", "小明", "王", None, None, "same")),
        ("Jane", None, ("Jane", "Jane", None, None, None, "same")),
        (None, "bishop", ("Bishop", None, "Bishop", None, None, "cased")),
        ("tristan", "ca rp", ("Tristan Ca Rp", "Tristan", "Ca Rp", None, None, "cased")),  # Febrl 3
        ("john", "smith jr", ("John Smith", "John", "Smith", None, "jr", "cased+suffix")),
        ("?", "-", (None, None, None, None, None, "invalid")),
    ],
)
def test_names_in_parts(given_name: str | None, family: str | None, clean: tuple[str | None, ...]) -> None:
    assert clean_name(given=given_name, family=family) == clean


def test_the_whole_name_tells_the_part_that_is_missing() -> None:
    assert clean_name("Jane Smith", given="JANE")[:3] == ("Jane Smith", "Jane", "Smith")
    assert clean_name("Jane Smith", given="John")[:3] == ("John", "John", None)


SYLLABLES = ("an", "do", "en", "el", "jo", "ku", "ma", "ni", "or", "pe", "ri", "st", "ty", "wa", "za", "ü", "é")
syllables = st.lists(st.sampled_from(SYLLABLES), min_size=2, max_size=4)
name_words = syllables.map(lambda parts: "".join(parts).capitalize())


@given(
    given_name=st.lists(name_words | st.sampled_from(["A.", "V.", "E."]), min_size=1, max_size=3).map(" ".join),
    particles=st.lists(st.sampled_from(sorted(names._PARTICLES)), max_size=2),
    last=name_words,
    case=st.sampled_from([str, str.upper, str.lower]),
)
@settings(deadline=None)
def test_names_that_no_parser_looks_at_are_as_it_would_have_them(
    given_name: str, particles: list[str], last: str, case: type[str]
) -> None:
    whole = case(" ".join([given_name, *particles, last]))
    assert names._of_whole(whole) == names._of_parsed(names._parse(whole))


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        (["Müller", "Muller", "Mueller", "MÜLLER"], "muller"),  # DIN 5007-2: ü as ue
        (["Göthe", "Goethe"], "gothe"),
        (["Jäger", "Jaeger"], "jager"),
        (["O'Brien", "O’Brien", "OBrien"], "obrien"),
        (["Jean-Luc", "Jean Luc"], "jeanluc"),
        (["Łukasz"], "lukasz"),
        (["Søren"], "soren"),
        (["小明", "Xiaoming", "Xiao Ming"], "xiaoming"),
        (["曾", "Zeng"], "zeng"),  # read ceng in other words
        (["欧阳", "Ouyang"], "ouyang"),
        (["Иванов", "Ivanov"], "ivanov"),
        (["Michael"], "michael"),
        (["Zoë", "Zoe"], "zoe"),
        (["123", "-", "", None], None),
    ],
)
def test_name_keys(spellings: list[str | None], expected: str | None) -> None:
    assert {name_key(spelling) for spelling in spellings} == {expected}


def test_formal_names() -> None:
    # the table of the package nicknames
    assert {"bill", "william"} <= set(formal_names("bill"))
    assert {"mike", "michael"} <= set(formal_names("mike"))
    assert formal_names("xiaoming") == ("xiaoming",)
    assert given_forms("Hans Peter") == ("hans", "hanspeter")
    assert "elizabeth" in given_forms("Liz Q.")


@pytest.mark.parametrize(
    "names",
    [
        # GLEIF, ISO 20275 entity legal forms
        [
            "Acme GmbH",
            "ACME Ltd.",
            "Acme, Inc.",
            "Acme LLC",
            "Acme S.A.",
            "Acme S. p. A.",
            "acme Sp. z o.o.",
            "The Acme Co",
        ],
        ["Smith & Sons Co., Ltd.", "Smith and Sons Limited", "SMITH + SONS"],
        ["Müller GmbH & Co. KG", "Mueller AG", "MULLER"],
        ["AB Volvo", "Volvo AB"],
        ["Bar S.A. de C.V.", "Bar"],
        ["Sony K.K.", "Sony Corporation"],
        ["株式会社日立製作所", "日立製作所", "㈱日立製作所", "(株)日立製作所"],
        ["华为技术有限公司", "华为技术", "华为技术股份有限公司", "Hua Wei Ji Shu"],
        ["삼성전자 주식회사", "삼성전자", "(주)삼성전자"],
        ["ООО Ромашка", '"Romashka" OOO'],
        ["GTXPro", "GTX Pro"],
    ],
)
def test_one_organisation_has_one_key(names: list[str]) -> None:
    assert len({organisation_key(name) for name in names}) == 1


def test_organisations() -> None:
    assert organisation_key("S.A.") == "sa"
    assert organisation_key("3M Company") == "3m"
    assert organisation_key("?") is None
    assert clean_organisation(" „Acme“  GmbH ") == ('"Acme" GmbH', "trimmed+unquoted")
    assert clean_organisation("'Acme'") == ("Acme", "unquoted")


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("US", "US", "same"),
        ("us", "US", "to_iso"),
        ("DEU", "DE", "to_iso"),
        ("840", "US", "to_iso"),
        ("USA", "US", "to_iso"),
        ("U.S.A.", "US", "to_iso"),
        ("UK", "GB", "to_iso"),
        ("England", "GB", "to_iso"),
        ("Deutschland", "DE", "to_iso"),
        ("中国", "CN", "to_iso"),
        ("日本", "JP", "to_iso"),
        ("Россия", "RU", "to_iso"),
        ("Côte d'Ivoire", "CI", "to_iso"),
        ("the Netherlands", "NL", "to_iso"),
        ("Korea", "KR", "to_iso"),
        ("Philipines", "PH", "to_iso+spelling"),
        ("Untied States", "US", "to_iso+spelling"),
        ("Austria", "AT", "to_iso"),
        ("Slovania", None, "invalid"),  # Slovenia and Slovakia are as near
        ("Atlantis", None, "invalid"),
        ("XX", None, "invalid"),
    ],
)
def test_countries(text: str, value: str | None, code: str) -> None:
    assert clean_country(text) == (value, code)


@pytest.mark.parametrize(
    ("line", "number", "street", "unit"),
    [
        ("12 Pinkerton Circuit, Unit 4", "12", "Pinkerton Circuit", "4"),
        ("Flat 3, 12 High St.", "12", "High Street", "3"),
        ("4/12 Smith St", "12", "Smith Street", "4"),  # Australia Post: unit / number
        ("1600 Pennsylvania Ave NW #200", "1600", "Pennsylvania Avenue NW", "200"),  # USPS Publication 28
        ("123 MAIN ST APT 4B", "123", "Main Street", "4B"),
        ("221B Baker Street", "221B", "Baker Street", None),
        ("100 5th Avenue", "100", "5th Avenue", None),
        ("St James St 4", "4", "St James Street", None),
        ("Hauptstr. 12a", "12A", "Hauptstraße", None),
        ("Lange Str. 5", "5", "Lange Straße", None),
        ("5, rue de Rivoli", "5", "rue de Rivoli", None),
        ("Kungsgatan 4 lgh 1102", "4", "Kungsgatan", "1102"),
        ("北京市朝阳区建国路88号3单元501室", "88", "北京市朝阳区建国路", "3单元501室"),
        ("PO Box 123", None, "PO Box 123", None),
        ("Highway 61", None, "Highway 61", None),
        ("tullaroop street", None, "Tullaroop Street", None),
    ],
)
def test_streets(line: str, number: str | None, street: str, unit: str | None) -> None:
    assert clean_street(line)[:3] == (number, street, unit)


def test_addresses() -> None:
    assert clean_address("1 Main St", "SPRINGFIELD", "D-10115", "California", "United States") == (
        "1", "Main Street", None, "Springfield", "10115", "CA", "US", "number+type+cased+compact+to_iso",
    )  # fmt: skip
    assert clean_address() == (None,) * 7 + ("empty",)
    assert clean_street("Main St", "12").house_number == "12"
    assert clean_postcode("sw1a 1aa") == ("SW1A1AA", "compact")
    # ISO 3166-2: AU-NSW, DE-BY
    assert clean_state("New South Wales", "AU") == ("NSW", "to_iso")
    assert clean_state("Bayern", "DE") == ("BY", "to_iso")
    assert clean_state("nsw") == ("NSW", "cased")
    assert city_key("St. Louis") == city_key("Saint Louis") == "saintlouis"
    assert key("München") == key("Muenchen")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # publicsuffix.org, test_psl.txt
        ("example.COM", "example.com"),
        ("a.b.example.com", "example.com"),
        ("b.c.kobe.jp", "b.c.kobe.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("www.食狮.com.cn", "xn--85x722f.com.cn"),
        ("www.xn--85x722f.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("co.uk", None),
        ("com", None),
        # RFC 3986
        ("https://user:pw@www.acme.co.uk:8080/a/b?c#d", "acme.co.uk"),
        ("//acme.example", "acme.example"),
        ("http://[::1", None),
        ("http://192.0.2.1/", None),
        ("ann@mail.acme.example", "acme.example"),
        ("Ann Bee <ann@acme.example>", "acme.example"),
        ("mailto:ann@acme.example?subject=x", "acme.example"),
        ("n/a", None),
    ],
)
def test_websites(text: str, value: str | None) -> None:
    assert clean_website(text).value == value
    assert registrable_domain(value) == value


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("1964-01-02", "1964-01-02", "same"),
        ("19640102", "1964-01-02", "to_iso"),
        ("1964-01-02T23:59:60Z", "1964-01-02", "to_iso"),
        ("2 Jan 1964", "1964-01-02", "to_iso"),
        ("January 2nd, 1964", "1964-01-02", "to_iso"),
        ("2. Januar 1964", "1964-01-02", "to_iso"),
        ("2 de enero de 1964", "1964-01-02", "to_iso"),
        ("1er janvier 2000", "2000-01-01", "to_iso"),
        ("1964年1月2日", "1964-01-02", "to_iso"),
        ("02.01.1964", "1964-01-02", "to_iso"),
        ("13/02/1964", "1964-02-13", "to_iso"),
        ("02/13/1964", "1964-02-13", "to_iso"),
        ("02/02/1964", "1964-02-02", "to_iso"),
        ("01/02/1964", None, "invalid+ambiguous"),
        ("1/2/64", None, "invalid+ambiguous"),
        ("1900-02-29", None, "invalid"),  # no leap year
        ("2000-02-29", "2000-02-29", "same"),
        ("0000-00-00", None, "invalid"),
        ("soon", None, "invalid"),
    ],
)
def test_dates(text: str, value: str | None, code: str) -> None:
    assert clean_date(text) == (value, code)


@pytest.mark.parametrize(
    ("text", "record_currency", "amount", "currency"),
    [
        # CLDR number patterns of en, de, fr, de-CH, en-IN, sv
        ("$1,234.56", None, "1234.56", "USD"),
        ("1.234,56 €", None, "1234.56", "EUR"),
        ("1 234,56 €", None, "1234.56", "EUR"),
        ("CHF 1’234.50", None, "1234.50", "CHF"),
        ("₹12,34,567.00", None, "1234567.00", "INR"),
        ("1 234,56 kr", "NOK", "1234.56", "NOK"),
        ("1 234,56 kr", None, "1234.56", None),
        ("¥1,200", None, "1200", "JPY"),
        ("¥1,200", "CNY", "1200", "CNY"),
        ("$5", "AUD", "5", "AUD"),
        ("$5", "EUR", "5", "USD"),
        ("10亿元", None, "1000000000", "CNY"),
        ("USD 5 million", None, "5000000", "USD"),
        ("(12k)", "GBP", "-12000", "GBP"),
        ("1.234", None, "1234", None),
        ("0.125", None, "0.125", None),
        ("1234.567", None, "1234.567", None),
        ("1.2.3", None, None, None),
        ("about 5", None, None, None),
    ],
)
def test_money(text: str, record_currency: str | None, amount: str | None, currency: str | None) -> None:
    money = clean_money(text, record_currency)
    assert (money.amount, money.currency) == (Decimal(amount) if amount else None, currency)


def test_money_says_what_was_done() -> None:
    assert clean_money("12.50").code == "same"
    assert clean_money("¥1,200").code == "to_number+ambiguous"
    assert clean_money("x").code == "invalid"
    assert clean_money(None).code == "empty"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # RFC 5646, appendix A and section 2.1.1
        ("zh-cn", "zh-CN"),
        ("zh_hans_cn", "zh-Hans-CN"),
        ("sr-LATN", "sr-Latn"),
        ("ENG", "en"),
        ("ger", "de"),
        ("iw", "he"),
        ("en_US.UTF-8", "en-US"),
        ("German", "de"),
        ("deutsch", "de"),
        ("中文", "zh"),
        ("français", "fr"),
        ("Brazilian Portuguese", "pt-BR"),
        ("xx", None),
        ("gibberish!", None),
    ],
)
def test_languages(text: str, value: str | None) -> None:
    assert clean_language(text).value == value

"""Names of people and firms, their addresses and telephone numbers.

Addresses end in .example, which belongs to nobody; numbers come from the blocks that regulators keep for fiction where
there are such blocks.
"""

import unicodedata

from include.sandbox.catalog import Country
from include.sandbox.dice import Dice

FIRST = {
    "en": "James Olivia William Emma Henry Charlotte Thomas Amelia Robert Katherine Michael Elizabeth Daniel Jennifer "
    "Matthew Rebecca Andrew Samantha Christopher Margaret Joseph Victoria Samuel Abigail Benjamin Alexandra Edward "
    "Susan Nicholas Patricia Anthony Deborah Gregory Natalie Timothy Christine Jonathan Isabella Patrick Caroline "
    "Stephen Judith Kenneth Theodora Vincent Gabrielle Lawrence Philippa Raymond Josephine Douglas Frances",
    "de": "Lukas Anna Felix Lena Maximilian Johanna Paul Marie Jürgen Katharina Stefan Sabine Matthias Claudia Tobias "
    "Franziska Andreas Birgit Sebastian Jördis Wolfgang Greta Moritz Käthe Florian Ulrike Jan Heike",
    "fr": "Lucas Chloé Hugo Camille Étienne Manon Mathieu Élodie Antoine Margaux Benoît Aurélie Julien Céline Rémi "
    "Sandrine Thibault Océane Guillaume Hélène",
    "sv": "Erik Astrid Lars Elin Gustav Freja Anders Ingrid Nils Märta Oskar Linnéa Björn Åsa Henrik Malin",
}  # fmt: skip
LAST = {
    "en": "Smith Johnson Walker Hughes Patel Bennett Foster Murphy Coleman Sullivan Hayes Palmer Griffin Ellis Barnes "
    "Fletcher Holloway Whitaker Donovan Marsh Pritchard Langley Ashworth Thornton Caldwell Mercer Winslow Kendrick "
    "Okonkwo Nguyen Garcia Ramirez Kowalski O'Brien MacLeod Stanhope Rutherford Beaumont Lockwood Hathaway Sinclair "
    "Prescott Radcliffe Kingsley Ferreira D'Souza Abernathy Blackwood Carmichael Davenport Eastwood Fairchild",
    "de": "Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer Koch Richter Klein Wolf Schröder "
    "Neumann Braun Zimmermann Krüger Hartmann Lange Vogt Lorenz Kästner Brückner",
    "fr": "Martin Bernard Dubois Moreau Laurent Lefèvre Fournier Girard Mercier Blanchard Rousseau Chevalier Lemaître "
    "Besson Delacroix Fontaine Garçon Peltier",
    "sv": "Andersson Johansson Karlsson Nilsson Lindqvist Bergström Sandberg Lundgren Åkesson Holmberg Söderberg Ekman "
    "Hedlund Norén",
}  # fmt: skip
NICKNAMES = {
    "James": "Jim", "William": "Bill", "Henry": "Harry", "Charlotte": "Charlie", "Thomas": "Tom", "Robert": "Bob",
    "Katherine": "Kate", "Michael": "Mike", "Elizabeth": "Liz", "Daniel": "Dan", "Jennifer": "Jen",
    "Matthew": "Matt", "Rebecca": "Becky", "Andrew": "Andy", "Samantha": "Sam", "Christopher": "Chris",
    "Margaret": "Maggie", "Joseph": "Joe", "Victoria": "Vicky", "Samuel": "Sam", "Abigail": "Abby",
    "Benjamin": "Ben", "Alexandra": "Alex", "Edward": "Ted", "Susan": "Sue", "Nicholas": "Nick", "Patricia": "Pat",
    "Anthony": "Tony", "Deborah": "Debbie", "Gregory": "Greg", "Natalie": "Nat", "Timothy": "Tim",
    "Christine": "Chrissie", "Jonathan": "Jon", "Isabella": "Bella", "Patrick": "Paddy", "Caroline": "Caro",
    "Stephen": "Steve", "Kenneth": "Ken", "Vincent": "Vince", "Lawrence": "Larry", "Philippa": "Pippa",
    "Raymond": "Ray", "Josephine": "Jo", "Douglas": "Doug", "Frances": "Fran", "Maximilian": "Max",
    "Johanna": "Hanna", "Katharina": "Kathi", "Matthias": "Matze", "Franziska": "Franzi", "Sebastian": "Basti",
    "Gustav": "Gus", "Tobias": "Tobi",
}  # fmt: skip
SURNAMES_ZH = (("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"),
               ("赵", "Zhao"), ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"),
               ("朱", "Zhu"), ("马", "Ma"), ("胡", "Hu"), ("郭", "Guo"), ("何", "He"), ("欧阳", "Ouyang"))  # fmt: skip
GIVEN_ZH = (("伟", "Wei"), ("芳", "Fang"), ("娜", "Na"), ("敏", "Min"), ("静", "Jing"), ("磊", "Lei"), ("洋", "Yang"),
            ("勇", "Yong"), ("杰", "Jie"), ("娟", "Juan"), ("晓明", "Xiaoming"), ("建国", "Jianguo"), ("雪", "Xue"),
            ("佳怡", "Jiayi"), ("子涵", "Zihan"), ("宇航", "Yuhang"), ("思远", "Siyuan"), ("欣怡", "Xinyi"),
            ("浩然", "Haoran"), ("梓萱", "Zixuan"), ("俊杰", "Junjie"), ("丽华", "Lihua"))  # fmt: skip

FIRM_A = [
    "Alder",
    "Amber",
    "Anchor",
    "Aspen",
    "Birch",
    "Bramble",
    "Cedar",
    "Cobalt",
    "Copper",
    "Coral",
    "Crescent",
    "Elm",
    "Ember",
    "Falcon",
    "Fjord",
    "Garnet",
    "Granite",
    "Harbour",
    "Hazel",
    "Heron",
    "Indigo",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lark",
    "Linden",
    "Maple",
    "Meridian",
    "Mistral",
    "Nimbus",
    "Oak",
    "Onyx",
    "Opal",
    "Orchard",
    "Osprey",
    "Pebble",
    "Quartz",
    "Raven",
    "Ridge",
    "River",
    "Rowan",
    "Saffron",
    "Sable",
    "Sequoia",
    "Slate",
    "Sparrow",
    "Summit",
    "Tamarind",
    "Thistle",
    "Tidal",
    "Umber",
    "Vale",
    "Verdant",
    "Walnut",
    "Willow",
    "Wren",
    "Yarrow",
    "Zephyr",
]
FIRM_B = [
    "Analytics",
    "Architects",
    "Biotech",
    "Capital",
    "Clinics",
    "Consulting",
    "Dental",
    "Digital",
    "Education",
    "Energy",
    "Engineering",
    "Foods",
    "Freight",
    "Hotels",
    "Insurance",
    "Interiors",
    "Labs",
    "Law",
    "Legal",
    "Logistics",
    "Manufacturing",
    "Marine",
    "Media",
    "Networks",
    "Partners",
    "Pharma",
    "Properties",
    "Publishing",
    "Robotics",
    "Software",
    "Solar",
    "Studios",
    "Systems",
    "Textiles",
    "Travel",
    "Ventures",
]
INDUSTRIES = {
    "Analytics": "INFORMATION_TECHNOLOGY_AND_SERVICES", "Architects": "ARCHITECTURE_PLANNING",
    "Biotech": "BIOTECHNOLOGY", "Capital": "FINANCIAL_SERVICES", "Clinics": "HOSPITAL_HEALTH_CARE",
    "Consulting": "MANAGEMENT_CONSULTING", "Dental": "HOSPITAL_HEALTH_CARE", "Digital": "INTERNET",
    "Education": "EDUCATION_MANAGEMENT", "Energy": "OIL_ENERGY", "Engineering": "MECHANICAL_OR_INDUSTRIAL_ENGINEERING",
    "Foods": "FOOD_PRODUCTION", "Freight": "LOGISTICS_AND_SUPPLY_CHAIN", "Hotels": "HOSPITALITY",
    "Insurance": "INSURANCE", "Interiors": "DESIGN", "Labs": "RESEARCH", "Law": "LAW_PRACTICE",
    "Legal": "LEGAL_SERVICES", "Logistics": "LOGISTICS_AND_SUPPLY_CHAIN", "Manufacturing": "MACHINERY",
    "Marine": "MARITIME", "Media": "MEDIA_PRODUCTION", "Networks": "COMPUTER_NETWORKING",
    "Partners": "MANAGEMENT_CONSULTING", "Pharma": "PHARMACEUTICALS", "Properties": "REAL_ESTATE",
    "Publishing": "PUBLISHING", "Robotics": "INDUSTRIAL_AUTOMATION", "Software": "COMPUTER_SOFTWARE",
    "Solar": "RENEWABLES_ENVIRONMENT", "Studios": "DESIGN", "Systems": "INFORMATION_TECHNOLOGY_AND_SERVICES",
    "Textiles": "TEXTILES", "Travel": "LEISURE_TRAVEL_TOURISM", "Ventures": "VENTURE_CAPITAL_PRIVATE_EQUITY",
}  # fmt: skip
FIRM_A_ZH = (("云帆", "yunfan"), ("恒信", "hengxin"), ("博远", "boyuan"), ("华创", "huachuang"), ("瑞丰", "ruifeng"),
             ("天合", "tianhe"), ("明德", "mingde"), ("金桥", "jinqiao"), ("海纳", "haina"), ("启航", "qihang"),
             ("中科智联", "zhilian"), ("东方星", "dongfangxing"), ("百川", "baichuan"), ("鼎盛", "dingsheng"),
             ("新海岸", "xinhaian"), ("青禾", "qinghe"))  # fmt: skip
FIRM_B_ZH = (("科技", "tech", "COMPUTER_SOFTWARE"), ("物流", "logistics", "LOGISTICS_AND_SUPPLY_CHAIN"),
             ("医疗", "medical", "HOSPITAL_HEALTH_CARE"), ("教育", "edu", "EDUCATION_MANAGEMENT"),
             ("传媒", "media", "MEDIA_PRODUCTION"), ("电子", "electronics", "MACHINERY"),
             ("咨询", "consulting", "MANAGEMENT_CONSULTING"))  # fmt: skip
TITLES = ("Office Manager", "Head of Facilities", "IT Manager", "Procurement Lead", "Operations Director", "CFO",
          "Workplace Experience Lead", "Executive Assistant", "Purchasing Manager", "IT Administrator", "COO",
          "People & Culture Manager", "Finance Analyst", "Project Manager")  # fmt: skip
TITLES_ZH = ("行政经理", "采购经理", "IT主管", "运营总监", "财务经理", "办公室主任", "项目经理")
MAILBOXES = ("postbox.example", "inbox-one.example", "mailhub.example")
MAILBOXES_ZH = ("youxiang.example", "xinmail.example")

WORDS = {language: names.split() for language, names in FIRST.items()}
SURNAMES = {language: names.split() for language, names in LAST.items()}
PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "ø": "o"})


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits of a name, as in an address."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(PLAIN))
    return "".join(c for c in folded if c.isascii() and c.isalnum())


def person_name(dice: Dice, language: str) -> tuple[str, str, str, str]:
    """(first, last) as written, and (first, last) in Latin letters."""
    if language == "zh":
        (last, last_latin), (first, first_latin) = dice.pick(SURNAMES_ZH), dice.pick(GIVEN_ZH)
        return first, last, first_latin, last_latin
    first, last = dice.pick(WORDS[language]), dice.pick(SURNAMES[language])
    return first, last, first, last


def mailbox(dice: Dice, first: str, last: str, domain: str) -> str:
    """An address made of a name in Latin letters."""
    first, last = plain(first), plain(last)
    forms = (f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}", f"{first}{last[0]}", f"{first}_{last}")
    return f"{dice.pick(forms)}@{domain}"


def firm_name(dice: Dice, country: Country) -> tuple[str, str, str]:
    """(name, domain label, industry)."""
    if country.language == "zh":
        (a, a_latin), (b, b_latin, industry) = dice.pick(FIRM_A_ZH), dice.pick(FIRM_B_ZH)
        city = dice.pick(country.cities)
        return f"{city}{a}{b}{dice.pick(country.legal)}", f"{a_latin}-{b_latin}", industry
    a, b = dice.pick(FIRM_A), dice.pick(FIRM_B)
    if dice.chance(0.15):
        a = f"{a} & {dice.pick(SURNAMES[country.language])}"
    return f"{a} {b} {dice.pick(country.legal)}", f"{plain(a)}{plain(b)}", INDUSTRIES[b]


def phone(dice: Dice, country: str) -> str:
    """A telephone number in +E.164, digits only after the sign."""
    last3 = f"{dice.below(1000):03d}"
    if country == "US":
        return f"+1{dice.pick(('617', '312', '303', '512', '206'))}55501{last3[:2]}"
    if country == "GB":
        return f"+447700900{last3}"
    if country == "DE":
        return f"+493023125{last3}"
    if country == "FR":
        return f"+3363998{dice.below(10_000):04d}"
    if country == "SE":
        return f"+46701740{605 + dice.below(95)}"
    if country == "AU":
        return f"+61491570{last3}"
    return f"+861055550{last3}"


def phone_as_typed(dice: Dice, number: str) -> str:
    """The same number the way people write it down."""
    style = dice.below(5)
    if style == 0:
        return number
    if number.startswith("+1"):
        area, a, b = number[2:5], number[5:8], number[8:]
        return (f"({area}) {a}-{b}", f"{area}-{a}-{b}", f"+1 {area} {a} {b}", f"1.{area}.{a}.{b}")[style - 1]
    code, rest = number[:3], number[3:]
    return (
        f"{code} {rest[:3]} {rest[3:]}",
        f"00{code[1:]} {rest}",
        f"{code} (0){rest[:2]} {rest[2:]}",
        f"{code}-{rest[:4]}-{rest[4:]}",
    )[style - 1]


def typo(dice: Dice, word: str) -> str:
    """One slip of the finger: letters swapped, dropped or doubled."""
    if len(word) < 4:
        return word
    i = 1 + dice.below(len(word) - 2)
    return (word[:i] + word[i + 1] + word[i] + word[i + 2 :], word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:])[
        dice.below(3)
    ]

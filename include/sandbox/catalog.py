"""The seller's own side: what it sells, where, and who works there."""

from dataclasses import dataclass

from include.sandbox.hours import LONDON, SHANGHAI, Office

SELLER = "Fernhill Works"
SELLER_DOMAIN = "fernhillworks.example"
CRM_TOKEN = "sandbox-crm-token"
DESK_TOKEN = "sandbox-desk-token"
# for access tokens: the client's secret is the token above
CLIENT_ID = "sandbox-client"
REFRESH_TOKEN = "sandbox-refresh-token"
HOOK_SECRET = "sandbox-hook-secret"
PIPELINE = "default"
# (key, label, probability, median days a deal stays)
STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", 0.2, 5.0),
    ("qualifiedtobuy", "Qualified To Buy", 0.4, 7.0),
    ("presentationscheduled", "Presentation Scheduled", 0.6, 8.0),
    ("decisionmakerboughtin", "Decision Maker Bought-In", 0.8, 7.0),
    ("contractsent", "Contract Sent", 0.9, 5.0),
)
WON, LOST = "closedwon", "closedlost"
LEAD_SOURCES = (  # (key, weight, effect on the chance to win)
    ("ORGANIC_SEARCH", 26, 0.02),
    ("REFERRALS", 18, 0.12),
    ("PAID_SEARCH", 16, -0.06),
    ("EMAIL_MARKETING", 14, 0.0),
    ("DIRECT_TRAFFIC", 12, 0.04),
    ("OFFLINE", 8, 0.03),
    ("SOCIAL_MEDIA", 6, -0.09),
)
LOST_REASONS = ("Price", "Chose a competitor", "No budget this year", "No decision", "Missing feature",
                "Timing", "Contact went silent", "Legal terms")  # fmt: skip


@dataclass(frozen=True)
class Product:
    key: str
    sku: str
    name: str
    price: int  # USD, of one
    weight: int  # share of deals
    seats: tuple[int, int]  # how many a deal is for
    fit: float  # effect on the chance to win
    chinese: str


PRODUCTS = (
    Product("arc_chair", "FW-CH-10", "Arc Chair", 420, 20, (6, 60), 0.03, "弧形办公椅"),
    Product("lumen_desk", "FW-DK-20", "Lumen Desk", 890, 18, (4, 45), 0.02, "升降办公桌"),
    Product("focus_booth", "FW-BT-30", "Focus Booth", 5_400, 9, (1, 8), -0.08, "静音舱"),
    Product("beacon_display", "FW-DS-40", "Beacon Room Display", 760, 12, (3, 30), 0.0, "会议室显示屏"),
    Product("relay_dock", "FW-DC-50", "Relay Dock", 240, 15, (10, 120), 0.04, "扩展坞"),
    Product("roomly_team", "FW-SW-60", "Roomly Team", 1_900, 14, (1, 6), 0.05, "会议室预订团队版"),
    Product("roomly_enterprise", "FW-SW-70", "Roomly Enterprise", 14_500, 7, (1, 3), -0.10, "会议室预订企业版"),
    Product("care_plan", "FW-SV-80", "Care Plan", 1_250, 5, (1, 5), 0.08, "维保计划"),
)


GOODS = tuple(product.key for product in PRODUCTS[:5])  # what can arrive late or broken
ELECTRONIC = ("beacon_display", "relay_dock", "roomly_team", "roomly_enterprise")
ROOMLY = ("roomly_team", "roomly_enterprise")


@dataclass(frozen=True)
class Country:
    code: str
    name: str
    currency: str
    per_usd: float
    weight: int
    office: Office
    cities: tuple[str, ...]
    utc_offset_hours: int  # of its working day, roughly: when its people write
    language: str
    legal: tuple[str, ...]


COUNTRIES = (
    Country("US", "United States", "USD", 1.0, 30, LONDON, ("Boston", "Chicago", "Denver", "Austin"), -5, "en",
            ("Inc.", "LLC", "Corp.")),
    Country("GB", "United Kingdom", "GBP", 0.79, 22, LONDON, ("London", "Leeds", "Bristol", "Manchester"), 0, "en",
            ("Ltd", "Ltd", "plc")),
    Country("DE", "Germany", "EUR", 0.92, 14, LONDON, ("Berlin", "Hamburg", "München", "Köln"), 1, "de",
            ("GmbH", "AG", "GmbH & Co. KG")),
    Country("FR", "France", "EUR", 0.92, 9, LONDON, ("Paris", "Lyon", "Nantes"), 1, "fr", ("SARL", "SAS")),
    Country("SE", "Sweden", "EUR", 0.92, 6, LONDON, ("Stockholm", "Göteborg", "Malmö"), 1, "sv", ("AB",)),
    Country("AU", "Australia", "USD", 1.0, 7, SHANGHAI, ("Sydney", "Melbourne", "Brisbane"), 10, "en", ("Pty Ltd",)),
    Country("CN", "China", "CNY", 7.1, 12, SHANGHAI, ("上海", "北京", "深圳", "杭州", "成都"), 8, "zh",
            ("有限公司", "股份有限公司")),
)  # fmt: skip


@dataclass(frozen=True)
class Rep:
    id: str
    first: str
    last: str
    team: str
    countries: tuple[str, ...]
    strength: float  # effect on the chance to win
    pace: float  # multiple of the usual time in stage
    leaves_after_days: int | None = None  # archived then

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@{SELLER_DOMAIN}".lower().replace("ö", "o").replace("é", "e")


TEAMS = {"Americas": "1101", "Europe": "1102", "Asia Pacific": "1103"}
REPS = (
    Rep("51900001", "Maya", "Castellanos", "Americas", ("US",), 0.13, 0.85),
    Rep("51900002", "Devon", "Brooks", "Americas", ("US",), 0.02, 1.0),
    Rep("51900003", "Priya", "Raman", "Americas", ("US",), 0.06, 0.95),
    Rep("51900004", "Trent", "Mulligan", "Americas", ("US",), -0.12, 1.25),
    Rep("51900005", "Imogen", "Hale", "Europe", ("GB",), 0.09, 0.9),
    Rep("51900006", "Callum", "Reid", "Europe", ("GB",), -0.05, 1.1),
    Rep("51900007", "Jonas", "Brandt", "Europe", ("DE", "SE"), 0.04, 1.05),
    Rep("51900008", "Klara", "Sjöberg", "Europe", ("SE", "DE"), 0.08, 0.95),
    Rep("51900009", "Amélie", "Garnier", "Europe", ("FR", "GB"), 0.0, 1.0),
    Rep("51900010", "Oskar", "Lind", "Europe", ("DE", "FR"), -0.09, 1.2, leaves_after_days=310),
    Rep("51900011", "Grace", "Okafor", "Asia Pacific", ("AU",), 0.05, 0.95),
    Rep("51900012", "Wei", "Zhang", "Asia Pacific", ("CN",), 0.07, 0.9),
    Rep("51900013", "Lin", "Chen", "Asia Pacific", ("CN", "AU"), -0.03, 1.05),
)


@dataclass(frozen=True)
class Agent:
    id: int
    name: str
    group: int
    pace: float  # multiple of the usual time to reply
    role: str = "agent"


ORDERS_GROUP, BILLING_GROUP, TECHNICAL_GROUP, ACCOUNTS_GROUP, ASIA_GROUP = (
    25_001_001, 25_001_002, 25_001_003, 25_001_004, 25_001_005,
)  # fmt: skip
GROUPS = {
    ORDERS_GROUP: "Orders & Delivery",
    BILLING_GROUP: "Billing",
    TECHNICAL_GROUP: "Technical Support",
    ACCOUNTS_GROUP: "Accounts",
    ASIA_GROUP: "Asia Pacific Support",
}
AGENTS = (
    Agent(380_000_001, "Rosa Delgado", ORDERS_GROUP, 0.8),
    Agent(380_000_002, "Ben Whitlock", ORDERS_GROUP, 1.1),
    Agent(380_000_003, "Tamsin Ford", ORDERS_GROUP, 1.0),
    Agent(380_000_004, "Hugo Laurent", BILLING_GROUP, 0.9),
    Agent(380_000_005, "Nadia Petrova", BILLING_GROUP, 1.2),
    Agent(380_000_006, "Samir Haddad", TECHNICAL_GROUP, 0.75),
    Agent(380_000_007, "Ellen Voss", TECHNICAL_GROUP, 1.0),
    Agent(380_000_008, "Marcus Bell", TECHNICAL_GROUP, 1.5),
    Agent(380_000_009, "Aisha Noor", ACCOUNTS_GROUP, 0.9),
    Agent(380_000_010, "Piotr Zielinski", ACCOUNTS_GROUP, 1.15),
    Agent(380_000_011, "林晓雯", ASIA_GROUP, 0.85),
    Agent(380_000_012, "周凯", ASIA_GROUP, 1.05),
    Agent(380_000_013, "Harriet Moss", ACCOUNTS_GROUP, 1.0, role="admin"),
)

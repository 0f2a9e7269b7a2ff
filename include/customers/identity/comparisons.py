"""The comparisons that a model is made of: for each, the levels of agreement, from the strongest down.

A level's condition is written with Splink's level creators, so that it is right in the dialect of each engine. A
missing value belongs to no level: it is never evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Splink takes a second to import, and reading the configuration needs none of it
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

    Creators = dict[str, ComparisonLevelCreator]

# Matching columns that hold lists of values.
LISTS = ("given_forms",)

# Jaro-Winkler similarity of names that differ by a typing error or two.
CLOSE = 0.88

# A term so rare that one more record would change its share: Splink's weights are kept from growing without end.
LEAST_SHARE = 1e-8


@dataclass(frozen=True)
class Comparison:
    """A kind of comparison.

    :param levels: names of the levels, the strongest first, the last for everything else.
    :param columns: the matching columns that it reads; empty when it is of any one column.
    :param terms: those of them whose common values are worth less than their rare ones.
    :param make: the levels' conditions by name, without the last; under ``missing`` the condition of no evidence.
    """

    levels: tuple[str, ...]
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    make: "Callable[[str], Creators]"

    @property
    def is_of_any_column(self) -> bool:
        """Whether the configuration names the column."""
        return not self.columns


def _person_name(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    given, family = "given_key", "family_key"
    same_given, same_family = cll.ExactMatchLevel(given), cll.ExactMatchLevel(family)
    typed = cll.And(
        cll.CustomLevel(f"least(length({given}_l), length({given}_r)) >= 4"), cll.DamerauLevenshteinLevel(given, 1)
    )
    close_given = cll.Or(cll.JaroWinklerLevel(given, CLOSE), typed)
    alike_given = cll.Or(close_given, cll.ArrayIntersectLevel("given_forms"))
    alike_family = cll.JaroWinklerLevel(family, CLOSE)
    no_given, no_family = _either_missing(given), _either_missing(family)
    initial = f"least(length({given}_l), length({given}_r)) = 1 and substr({given}_l, 1, 1) = substr({given}_r, 1, 1)"
    return {
        "same": cll.ExactMatchLevel("full_key").configure(
            tf_adjustment_column="full_key", tf_minimum_u_value=LEAST_SHARE
        ),
        "swapped": _swapped(given, family),
        "nickname": _by_term(cll.And(same_family, cll.ArrayIntersectLevel("given_forms")), family),
        "initial": _by_term(cll.And(same_family, cll.CustomLevel(initial)), family),
        "given_close": _by_term(cll.And(same_family, close_given), family),
        "family_close": cll.And(same_given, alike_family),
        "both_close": cll.And(alike_family, alike_given),
        "family_alone": _by_term(cll.And(no_given, alike_family), family),
        "given_alone": _by_term(cll.And(no_family, close_given), given),
        "mailbox": cll.CustomLevel(
            "nameless_mailbox_l like mailbox_pattern_r or nameless_mailbox_r like mailbox_pattern_l"
        ),
        "missing": cll.And(no_given, no_family),
        "family_only": _by_term(same_family, family),
        "given_only": _by_term(same_given, given),
    }


def _swapped(one: str, other: str) -> "ComparisonLevelCreator":
    """Two columns are each close to the other one of the other record; Splink's own level knows equality only."""
    from splink.internals.comparison_level_creator import ComparisonLevelCreator
    from splink.internals.dialects import SplinkDialect

    class Swapped(ComparisonLevelCreator):
        def create_sql(self, sql_dialect: SplinkDialect) -> str:
            pairs = ((f"{one}_l", f"{other}_r"), (f"{other}_l", f"{one}_r"))
            # most pairs differ in a first letter, which is quick
            first = [f"substr({a}, 1, 1) = substr({b}, 1, 1)" for a, b in pairs]
            close = [f"{sql_dialect.jaro_winkler_function_name}({a}, {b}) >= {CLOSE}" for a, b in pairs]
            return " and ".join(first + close)

        def create_label_for_charts(self) -> str:
            return f"{one} and {other} swapped"

    return Swapped()


def _organisation_name(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    shorter = "least(length(name_key_l), length(name_key_r))"
    return {
        "missing": cll.NullLevel("name_key"),
        "same": _by_term(cll.ExactMatchLevel("name_key"), "name_key"),
        "close": cll.JaroWinklerLevel("name_key", 0.93),
        "begins": cll.CustomLevel(
            f"{shorter} >= 5 and substr(name_key_l, 1, {shorter}) = substr(name_key_r, 1, {shorter})"
        ),
    }


def _email(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    # of two errors one may be anywhere; most pairs are told apart by their first letters alone, which is quick
    begins = cll.CustomLevel("substr(email_key_l, 1, 3) = substr(email_key_r, 1, 3)")
    long = cll.CustomLevel(
        "least(length(email_key_l), length(email_key_r)) >= 10 and abs(length(email_key_l) - length(email_key_r)) <= 2"
    )
    return {
        "missing": cll.NullLevel("email_key"),
        "same": cll.ExactMatchLevel("email_key"),
        "close": cll.And(begins, long, cll.LevenshteinLevel("email_key", 2)),
        "same_mailbox": cll.ExactMatchLevel("own_mailbox"),
    }


def _phone(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    return {
        "missing": cll.NullLevel("phone"),
        "same": cll.ExactMatchLevel("phone"),
        "close": cll.Or(
            cll.And(_half_same("phone"), cll.DamerauLevenshteinLevel("phone", 1)),
            cll.CustomLevel("right(phone_l, 8) = right(phone_r, 8)"),
        ),
    }


def _digits(column: str) -> "Creators":
    from splink import comparison_level_library as cll

    return {
        "missing": cll.NullLevel(column),
        "same": cll.ExactMatchLevel(column),
        "one_off": cll.And(_half_same(column), cll.DamerauLevenshteinLevel(column, 1)),
        "two_off": cll.LevenshteinLevel(column, 2),
    }


def _street(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    same_number = cll.ExactMatchLevel("house_number")
    return {
        "missing": cll.NullLevel("street_key"),
        "same": cll.And(cll.ExactMatchLevel("street_key"), same_number),
        "close": cll.And(same_number, cll.JaroWinklerLevel("street_key", CLOSE)),
        "street_alone": cll.And(_either_missing("house_number"), cll.JaroWinklerLevel("street_key", CLOSE)),
        "street": cll.JaroWinklerLevel("street_key", CLOSE),
    }


def _place(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    postcode, city = cll.ExactMatchLevel("postcode"), cll.ExactMatchLevel("city_key")
    return {
        "missing": cll.And(_either_missing("postcode"), _either_missing("city_key")),
        "postcode_and_city": cll.And(postcode, city),
        "postcode": postcode,
        "city": _by_term(city, "city_key"),
        "close": cll.Or(cll.JaroWinklerLevel("city_key", 0.9), cll.DamerauLevenshteinLevel("postcode", 1)),
    }


def _company(_: str) -> "Creators":
    from splink import comparison_level_library as cll

    return {
        "same": _by_term(cll.ExactMatchLevel("company_key"), "company_key"),
        "domain": _by_term(cll.ExactMatchLevel("domain"), "domain"),
        "close": cll.JaroWinklerLevel("company_key", 0.93),
        # of two other domains one may be a mail provider's that no list knows: they contradict nothing
        "missing": _either_missing("company_key"),
    }


def _code(column: str) -> "Creators":
    from splink import comparison_level_library as cll

    return {"missing": cll.NullLevel(column), "same": cll.ExactMatchLevel(column)}


def _text(column: str) -> "Creators":
    from splink import comparison_level_library as cll

    return {
        "missing": cll.NullLevel(column),
        "same": cll.ExactMatchLevel(column),
        "close": cll.JaroWinklerLevel(column, CLOSE),
    }


def _by_term(level: "ComparisonLevelCreator", column: str) -> "ComparisonLevelCreator":
    """The level, worth more where the value is rare and less where it is common."""
    return level.configure(tf_adjustment_column=column, tf_minimum_u_value=LEAST_SHARE)


def _either_missing(column: str) -> "ComparisonLevelCreator":
    from splink import comparison_level_library as cll

    return cll.CustomLevel(f"{column}_l is null or {column}_r is null")


def _half_same(column: str) -> "ComparisonLevelCreator":
    """One typing error leaves the beginning or the end as it was: quick to see, before a distance is worked out."""
    from splink import comparison_level_library as cll

    return cll.CustomLevel(
        f"substr({column}_l, 1, 4) = substr({column}_r, 1, 4) or right({column}_l, 4) = right({column}_r, 4)"
    )


COMPARISONS = {
    "person_name": Comparison(
        (
            "same", "swapped", "nickname", "initial", "given_close", "family_close", "both_close", "family_alone",
            "given_alone", "mailbox", "family_only", "given_only", "different",
        ),
        ("given_key", "family_key", "given_forms", "full_key", "mailbox_pattern", "nameless_mailbox"),
        ("given_key", "family_key"),
        _person_name,
    ),
    "organisation_name": Comparison(
        ("same", "close", "begins", "different"), ("name_key",), ("name_key",), _organisation_name
    ),
    "email": Comparison(("same", "close", "same_mailbox", "different"), ("email_key", "own_mailbox"), (), _email),
    "phone": Comparison(("same", "close", "different"), ("phone",), (), _phone),
    "street": Comparison(
        ("same", "close", "street_alone", "street", "different"), ("street_key", "house_number"), (), _street
    ),
    "place": Comparison(
        ("postcode_and_city", "postcode", "city", "close", "different"), ("postcode", "city_key"), ("city_key",), _place
    ),
    "company": Comparison(
        ("same", "domain", "close", "different"), ("company_key", "domain"), ("company_key", "domain"), _company
    ),
    "code": Comparison(("same", "different"), (), (), _code),
    "digits": Comparison(("same", "one_off", "two_off", "different"), (), (), _digits),
    "text": Comparison(("same", "close", "different"), (), (), _text),
}  # fmt: skip

"""Telephone numbers to E.164."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_LONGEST = 100
_INTERNATIONAL = re.compile(r"\s*(?:00|011)\s*(?=[1-9])")


def clean_phone(text: str | None, country: str | None = None) -> Cleaned:
    """A number as E.164 (``+442071838750``, ITU-T E.164).

    :param country: where it is dialled from when it names no country, ISO 3166 alpha-2.

    Codes: ``to_e164``; ``possible`` for a number of the right length in no block that is known to be given out (such
    as those kept for fiction); ``extension`` when an extension was left off.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    if len(steps.value) > _LONGEST:
        return steps.invalid
    number = _parsed(steps.value, country)
    if number is None:
        return steps.invalid
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    is_valid = phonenumbers.is_valid_number(number)
    if not is_valid:
        again = _parse(value, None)
        if again is None or phonenumbers.format_number(again, PhoneNumberFormat.E164) != value:
            return steps.invalid
    steps.became(value, "to_e164")
    if number.extension:
        steps.note("extension")
    if not is_valid:
        steps.note("possible")
    return steps.cleaned()


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    number = _parse(text, country)
    prefix = _INTERNATIONAL.match(text)
    # 0049… dialled from a country whose own prefix is another, or from nobody knows where
    if prefix and (number is None or not phonenumbers.is_valid_number(number)):
        return _parse(f"+{text[prefix.end() :]}", None) or number
    return number


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None

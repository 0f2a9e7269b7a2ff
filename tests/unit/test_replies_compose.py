"""A reply tells what is known of its customer and nothing else, whatever they are called."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from include.replies.compose import SAMPLE, Facts, Order, ReplyError, compose, lacks


def test_what_a_customer_is_called_never_runs() -> None:
    hostile = replace(SAMPLE, name="{{ 7 * 7 }}{% raw %}", company_name="{{ email }}", owner_name="{# gone #}")
    told = compose(["{{ name }}|{{ company_name }}|{{ owner_name }}"], "en", hostile)
    assert told == "{{ 7 * 7 }}{% raw %}|{{ email }}|{# gone #}\n"


def test_a_name_is_one_line_and_leads_nowhere() -> None:
    assert compose(["Dear {{ name }}"], "en", Facts(name="Ann\r\nBcc: x\u202e Lee")) == "Dear Ann Bcc: x Lee\n"
    for name in ("visit https://evil.example", "WWW.evil.example", "x" * 200, "  "):
        with pytest.raises(ReplyError, match="name is missing"):
            compose(["Dear {{ name }}"], "en", Facts(name=name))
        assert lacks(["name"], Facts(name=name)) == ["name"]


@pytest.mark.parametrize("field", ["name", "given_name", "email", "company_name", "owner_name", "value_group"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(ReplyError, match=f"{field} is missing"):
        compose([f"Dear {{{{ {field} }}}}"], "en", Facts())
    with pytest.raises(ReplyError, match=f"{field} is missing"):
        compose([f"Dear {{{{ {field} | upper }}}}"], "en", Facts())
    # asking whether it is there is no mistake
    assert compose([f"Dear {{% if {field} %}}{{{{ {field} }}}}{{% else %}}customer{{% endif %}}"], "en", Facts()) == (
        "Dear customer\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{{ secret }}", "{{ orders[0].secret }}", "{{ name.__class__ }}", "{{ ''.__class__.__mro__[1] }}",
        "{{ orders.append(1) }}", "{{ cycler.__init__.__globals__ }}", "{{ self._TemplateReference__context }}",
    ],
)  # fmt: skip
def test_a_template_reaches_nothing_else(text: str) -> None:
    with pytest.raises(ReplyError):
        compose([text], "en", SAMPLE)


def test_days_and_amounts_are_written_as_in_the_language() -> None:
    facts = Facts(orders=(Order("A-1", date(2026, 11, 2), Decimal("1234.5"), "EUR"),
                          Order("A-2", date(2026, 1, 9), Decimal("7"), "XXX")))  # fmt: skip
    text = "{% for o in orders %}{{ o.order_id }} {{ o.ordered_on }} {{ o.amount }};{% endfor %}"
    assert compose([text], "en", facts) == "A-1 November 2, 2026 €1,234.50;A-2 January 9, 2026 7;\n"
    assert compose([text], "zh", facts) == "A-1 2026年11月2日 €1,234.50;A-2 2026年1月9日 7;\n"
    assert "9. Januar 2026" in compose([text], "de", facts)


def test_what_a_reply_needs_and_a_customer_lacks() -> None:
    assert lacks(["name", "orders", "email"], Facts(name="Ann")) == ["orders", "email"]
    assert lacks(["name", "orders"], SAMPLE) == []

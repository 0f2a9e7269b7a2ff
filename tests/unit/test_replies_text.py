"""What a customer wrote themselves is told from what their mail program put around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.replies.text import message_text, normal_form

QUESTION = "Where is our order FW-250311-48213?"


@pytest.mark.parametrize(
    "body",
    [
        f"Hi there,\n\n{QUESTION}\n\nBest regards,\nAnn Lee\nHead of Facilities, Acme Ltd\n+44 20 7946 0000",
        f"{QUESTION}\n-- \nAnn Lee\nAcme",
        f"{QUESTION}\n\nSent from my iPhone",
        f"{QUESTION}\n\nOn Mon, 2 Nov 2026 at 10:14, Support <help@acme.example> wrote:\n> How can we help?\n> Bob",
        f"{QUESTION}\n\nOn Monday 2 November 2026, Support of the Acme Company\nwrote:\n> How can we help?",
        f"{QUESTION}\n\n-----Original Message-----\nFrom: Support\nYour ticket is solved.",
        f"{QUESTION}\n\nFrom: Support <help@acme.example>\nSent: Monday\nTo: Ann\nSubject: Re: order\n\nIt is solved.",
        f"On Monday, Bob <bob@acme.example> wrote:\n> earlier\n{QUESTION}",
        f"<html><body><p>Hello,</p><p>{QUESTION}</p><blockquote>How can we help?</blockquote></body></html>",
        f'<div>{QUESTION}<br><br>Thanks<br>Ann</div><div class="gmail_quote">On Monday Bob wrote: solved</div>',
        f"<style>p {{color: red}}</style><p>{QUESTION.replace('our', '<b>our</b>')}</p>",
        f"{QUESTION}\n\nAm 02.11.2026 um 10:14 schrieb Support <help@acme.example>:\n> Wie können wir helfen?",
    ],
)
def test_only_the_question_is_left(body: str) -> None:
    assert message_text(body) == QUESTION


@pytest.mark.parametrize(
    "body",
    [
        "您好,请问订单到哪里了?\n\n谢谢!\n王伟",
        "请问订单到哪里了?\n\n此致\n敬礼\n王伟",
        "请问订单到哪里了?\n\n2026年11月2日 客服 <help@acme.example> 写道:\n> 您好",
        "请问订单到哪里了?\n\n------------------ 原始邮件 ------------------\n发件人: 客服\n您的请求已解决",
        "请问订单到哪里了?\n\n发件人: 客服\n发送时间: 2026年11月2日\n主题: 订单\n\n已解决",
        "请问订单到哪里了?\n发自我的iPhone",
    ],
)
def test_chinese_mail_too(body: str) -> None:
    assert message_text(body) == "请问订单到哪里了?"


def test_what_only_looks_like_a_signature_stays() -> None:
    assert message_text("Thanks") == "Thanks"
    assert message_text("Hello,") == "Hello,"
    # a list, and a closing in the middle of a long text
    assert message_text("We need:\n- two desks\n- one chair") == "We need: - two desks - one chair"
    long = "\n".join(f"The room number {n} has no display and nobody told us when one will come." for n in range(12))
    assert message_text(f"Some news.\nThanks,\n{long}").endswith("when one will come.")
    # a letter that starts with a from: is no quote without a second header
    assert message_text("From: tomorrow on we are closed.\nWhen do you deliver?").startswith("From: tomorrow")


def test_the_subject_comes_first_without_marks_of_replies() -> None:
    assert message_text("Hi, where is it?", "Re: Fwd: Our order") == "Our order. where is it?"
    assert message_text("", "回复:订单") == "订单"
    assert message_text(None) == ""


def test_one_number_is_as_good_as_another() -> None:
    assert normal_form("Order FW-250311-48213 of 12 May") == normal_form("order fw-991231-10000 of 30 may")
    assert normal_form("Write to ann@acme.example") == normal_form("write to bob.lee@other.example")
    assert normal_form("ＡＢＣ  订单") == "abc 订单"


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_is_taken(body: str, subject: str) -> None:
    text = message_text(body, subject)
    assert "\n" not in text
    assert normal_form(normal_form(text)) == normal_form(text)

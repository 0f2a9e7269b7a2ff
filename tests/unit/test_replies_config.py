"""The replies as delivered, and what is wrong in such files: told by file, place and what was expected."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.config_files import ConfigError
from include.replies.compose import SAMPLE, compose
from include.replies.config import load_replies
from include.replies.intents import Example

SETTINGS = {"precision": 0.98, "opening": {"en": "Hello {{ name or 'there' }},"}, "closing": {"en": "Yours"}}
INTENT = {
    "name": {"en": "Where an order is"},
    "needs_approval": False,
    "needs": ["orders"],
    "reply": {"en": "We look for {{ orders[0].order_id }}."},
    "examples": {"en": ["where is my order"]},
}
OUTSIDE = {"name": {"en": "Nothing for us"}, "examples": {"en": ["lunch?"]}}


def write(folder: Path, settings: dict[str, Any] | None = None, **intents: dict[str, Any]) -> Path:
    """A folder of settings and intents: order_status and out_of_scope, with changes."""
    (folder / "replies").mkdir(exist_ok=True)
    (folder / "replies.yaml").write_text(yaml.safe_dump({**SETTINGS, **(settings or {})}))
    for name, values in {"order_status": INTENT, "out_of_scope": OUTSIDE, **intents}.items():
        (folder / "replies" / f"{name}.yaml").write_text(yaml.safe_dump(values))
    return folder


def test_as_delivered_there_are_replies_in_two_languages() -> None:
    replies = load_replies()
    assert len(replies.intents) >= 16 and not replies.intents["out_of_scope"].reply
    for name, intent in replies.intents.items():
        for language in ("en", "zh"):
            assert len(intent.examples[language]) >= 12, f"{name} {language}"
            assert len(set(intent.examples[language])) == len(intent.examples[language]), f"{name} {language}"
            if name != "out_of_scope":
                parts = replies.parts(name, language)
                assert parts
                told = compose(parts, language, SAMPLE)
                assert ("Ann Lee,您好" if language == "zh" else "Hello Ann,") in told
                assert "{" not in told and "None" not in told
    # money, cancellation and anger are a person's
    for name in ("refund", "charged_twice", "cancel_subscription", "complaint"):
        assert replies.intents[name].needs_approval


def test_what_is_in_the_files_is_what_is_read(tmp_path: Path) -> None:
    (write(tmp_path) / "replies" / "ours.csv").write_text(
        "text,intent,language\n还没收到,order_status,zh\n,,\n".replace(",,\n", "football,out_of_scope,\n"), "utf-8"
    )
    replies = load_replies(tmp_path)
    assert replies.examples == [
        Example("where is my order", "order_status", "en"), Example("lunch?", "out_of_scope", "en"),
        Example("还没收到", "order_status", "zh"), Example("football", "out_of_scope", None),
    ]  # fmt: skip
    parts = replies.parts("order_status", "en")
    assert parts and compose(parts, "en", SAMPLE) == "Hello Ann Lee,\n\nWe look for A-1.\n\nYours\n"
    assert replies.parts("order_status", "zh") is None and replies.parts("nothing", "en") is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"needs": ["order"]}, "needs: there is no 'order'; there is name, given_name"),
        ({"reply": {"en": "Dear {{ customer }}"}}, "reply: en: there is no customer; there is name"),
        ({"reply": {"en": "Dear {{ name }}"}}, "reply: en: name is missing for some customers: name it under needs"),
        ({"reply": {"en": "{% if name %}"}}, "reply: en: line 1: "),
        ({"reply": {"en": "{{ orders.__class__.__mro__ }}"}}, "reply: en: "),
        ({"reply": {"en": "{{ orders[0].price }}"}}, "reply: en: "),
        ({"reply": {"en": "{% include 'x' %}"}}, "reply: en: cannot be filled"),
        ({"reply": {"fr": "Bonjour"}}, "reply: replies.yaml has no opening in fr"),
        ({"reply": None}, "reply: every intent has one, but out_of_scope"),
        ({"answer": "x"}, "answer: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_an_intent_is_told(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    write(tmp_path, order_status=INTENT | changes)
    with pytest.raises(ConfigError) as raised:
        load_replies(tmp_path)
    assert "replies/order_status.yaml: " in str(raised.value) and says in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"precision": 98}, "precision: Input should be less than or equal to 0.999, found 98"),
        ({"closing": {"fr": "Au revoir"}}, "opening and closing have to be there in the same languages"),
        ({"opening": {"en": "Dear {{ name }}"}}, "opening: en: name is missing for some customers"),
        ({"opening": {"xx-yy-zz": "a"}, "closing": {"xx-yy-zz": "b"}}, "opening: 'xx-yy-zz' is no language"),
    ],
)
def test_a_mistake_in_the_settings_is_told(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    write(tmp_path, changes)
    with pytest.raises(ConfigError) as raised:
        load_replies(tmp_path)
    assert "replies.yaml: " in str(raised.value) and says in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"text,label\na,b\n", "ours.csv: has no column intent; expected the columns text, intent, language"),
        (b"text,intent\nhello,order\n", "ours.csv:2: no intent 'order'; there is order_status, out_of_scope"),
        (b"text,intent\nhi,order_status\n ,order_status\n", "ours.csv:3: text is empty"),
        (b"text,intent\n\xff,order_status\n", "ours.csv: not UTF-8 at byte"),
    ],
)
def test_a_mistake_in_a_csv_file_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    (write(tmp_path) / "replies" / "ours.csv").write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load_replies(tmp_path)
    assert says in str(raised.value)


def test_out_of_scope_has_to_be_there(tmp_path: Path) -> None:
    (write(tmp_path) / "replies" / "out_of_scope.yaml").unlink()
    with pytest.raises(ConfigError, match=r"out_of_scope\.yaml: is missing"):
        load_replies(tmp_path)
    write(tmp_path, **{"Order-Status": INTENT})
    with pytest.raises(ConfigError, match="an intent's name is small letters"):
        load_replies(tmp_path)

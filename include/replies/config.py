"""The replies: include/config/replies.yaml, and a file an intent in include/config/replies."""

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationInfo, field_validator, model_validator

from include.config_files import ConfigError, StrictModel, read_config
from include.replies.compose import FIELDS, check
from include.replies.intents import OUT_OF_SCOPE, Example
from include.replies.text import message_text
from include.service.config import When
from include.settings import CONFIG

COLUMNS = ("text", "intent", "language")

_Text = Annotated[str, Field(min_length=1)]
_ByLanguage = Annotated[dict[str, _Text], Field(min_length=1)]


class Intent(StrictModel):
    """What customers ask, and what is replied: a file in include/config/replies, whose name is the intent's.

    :param name: language → what people call it.
    :param needs_approval: a reply is never sent without a person, however sure the model is.
    :param needs: what must be known of a customer for the reply to fit them.
    :param reply: language → template; None for what is out of scope.
    :param examples: language → messages that ask it.
    """

    name: _ByLanguage
    needs_approval: bool = True
    needs: tuple[str, ...] = ()
    reply: _ByLanguage | None = None
    examples: dict[str, tuple[_Text, ...]] = Field(default_factory=dict)

    @field_validator("needs")
    @classmethod
    def _known_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in FIELDS:
                raise ValueError(f"there is no {name!r}; there is {', '.join(FIELDS)}")
        return names

    @field_validator("reply")
    @classmethod
    def _templates(cls, reply: dict[str, str] | None, info: ValidationInfo) -> dict[str, str] | None:
        for language, text in (reply or {}).items():
            check(text, language, info.data.get("needs", ()))
        return reply


class Stop(StrictModel):
    """When nothing is answered without a person any more.

    :param share: of the answers sent without a person, the share that may be opened again or rated bad.
    :param least: answers that it takes to tell.
    :param days: answers of so many days count.
    """

    share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    least: Annotated[int, Field(ge=1)] = 20
    days: Annotated[int, Field(ge=1)] = 28


class Approval(StrictModel):
    """Drafts that wait for people: so many in one task, and so many a day."""

    batch: Annotated[int, Field(ge=1, le=50)] = 10
    most: Annotated[int, Field(ge=0)] = 50


class Sending(StrictModel):
    """What is sent of the replies, and to whom.

    :param channel: a channel of outbox.yaml whose ``source`` is the help desk.
    :param hours: an answer that has not gone out so many hours after it was written is not sent.
    :param most_a_customer: answers and drafts a customer and day.
    :param never: tickets that are left to people.
    :param own_domains: mail from these is no customer's.
    """

    channel: str = "ticket_answer"
    hours: Annotated[int, Field(ge=1, le=72)] = 12
    most_a_customer: Annotated[int, Field(ge=1)] = 1
    never: tuple[When, ...] = ()
    own_domains: tuple[_Text, ...] = ()
    stop: Stop = Stop()
    approval: Approval = Approval()


class Feedback(StrictModel):
    """How customers are thanked who rate a ticket good and say why.

    :param channel: a channel of outbox.yaml whose ``source`` is the help desk; it leaves the ticket's status alone.
    :param reply: language → template.
    """

    channel: str = "ticket_thanks"
    reply: _ByLanguage

    @field_validator("reply")
    @classmethod
    def _templates(cls, reply: dict[str, str]) -> dict[str, str]:
        for language, text in reply.items():
            check(text, language, ())
        return reply


class RepliesConfig(StrictModel):
    """The file include/config/replies.yaml.

    :param precision: of the replies that go out without a person, the share whose intent must be right.
    :param opening, closing: language → template, of every reply.
    :param sending: what is sent of them, to whom, and when that stops.
    :param feedback: how customers are thanked; None: nobody is.
    """

    precision: Annotated[float, Field(ge=0.5, le=0.999)]
    opening: _ByLanguage
    closing: _ByLanguage
    sending: Sending = Sending()
    feedback: Feedback | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "RepliesConfig":
        if set(self.opening) != set(self.closing):
            raise ValueError("opening and closing have to be there in the same languages")
        if self.feedback and (other := set(self.feedback.reply) - set(self.opening)):
            raise ValueError(f"feedback: reply: there is no opening in {', '.join(sorted(other))}")
        for part in ("opening", "closing"):
            for language, text in getattr(self, part).items():
                try:
                    Locale.parse(language, sep="-")
                except (UnknownLocaleError, ValueError):
                    raise ValueError(f"{part}: {language!r} is no language; expected BCP 47, such as en") from None
                try:
                    check(text, language, ())
                except ValueError as error:
                    raise ValueError(f"{part}: {error}") from None
        return self


@dataclass(frozen=True)
class Replies:
    """All of it: the settings, the intents by name, and the examples of CSV files."""

    config: RepliesConfig
    intents: dict[str, Intent]
    given: tuple[Example, ...] = ()

    @cached_property
    def examples(self) -> list[Example]:
        """Every example, in the order of the files, cleaned as messages are."""
        told = [
            Example(message_text(text), name, language)
            for name, intent in self.intents.items()
            for language, texts in intent.examples.items()
            for text in texts
        ]
        return [*told, *self.given]

    def parts(self, intent: str, language: str) -> tuple[str, str, str] | None:
        """The templates of a reply, as `compose` takes them; None when there is no such reply in that language."""
        reply = self.intents[intent].reply if intent in self.intents else None
        if not reply or language not in reply:
            return None
        return self.config.opening[language], reply[language], self.config.closing[language]


def load_replies(folder: Path = CONFIG) -> Replies:
    """Read replies.yaml, every YAML file in the folder replies beside it, and the examples in its CSV files.

    :raises ConfigError: when one is not as it should be.
    """
    config = read_config(folder / "replies.yaml", RepliesConfig)
    intents = {}
    for path in sorted((folder / "replies").glob("*.yaml")):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
            raise ConfigError(f"{path}: an intent's name is small letters, digits and _, and starts with a letter")
        intent = read_config(path, Intent)
        if bool(intent.reply) == (path.stem == OUT_OF_SCOPE):
            raise ConfigError(f"{path}: reply: every intent has one, but {OUT_OF_SCOPE}, which stays with people")
        if other := set(intent.reply or ()) - set(config.opening):
            raise ConfigError(f"{path}: reply: replies.yaml has no opening in {', '.join(sorted(other))}")
        intents[path.stem] = intent
    if OUT_OF_SCOPE not in intents:
        expected = "expected the file, with examples of what no intent is about"
        raise ConfigError(f"{folder / 'replies' / OUT_OF_SCOPE}.yaml: is missing: {expected}")
    given = [e for path in sorted((folder / "replies").glob("*.csv")) for e in _read_examples(path, intents)]
    return Replies(config, intents, tuple(given))


def _read_examples(path: Path, intents: dict[str, Any]) -> list[Example]:
    """A file with the columns text, intent and, if wanted, language."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if missing := [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]:
                raise ConfigError(
                    f"{path}: has no column {missing[0]}; expected the columns {', '.join(COLUMNS)}, the last if wanted"
                )
            found = []
            for row in reader:
                text, intent, language = ((row.get(name) or "").strip() for name in COLUMNS)
                if not text or intent not in intents:
                    told = f"no intent {intent!r}; there is {', '.join(intents)}" if text else "text is empty"
                    raise ConfigError(f"{path}:{reader.line_num}: {told}")
                found.append(Example(message_text(text), intent, language or None))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise ConfigError(f"{path}: not CSV: {error}") from None
    return found

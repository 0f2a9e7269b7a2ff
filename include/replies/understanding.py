"""What customers' messages ask, and whether each may be answered without a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from include.replies.config import Replies
from include.replies.intents import OUT_OF_SCOPE, Example, IntentModel
from include.replies.text import message_text


class Message(NamedTuple):
    """A message as it came."""

    subject: str | None
    body: str | None


@dataclass(frozen=True)
class Understanding:
    """What a message asks.

    :param intent: None when it is out of scope.
    :param confidence: the probability that the intent is the right one, 0 to 1.
    :param decision: ``answer`` without a person, ``draft`` a reply for a person, ``leave`` it to people.
    :param language: None when it is in none that there are examples in.
    :param nearest: the examples that are most like it, the most alike first.
    """

    intent: str | None
    confidence: float
    decision: Literal["answer", "draft", "leave"]
    language: str | None
    nearest: tuple[Example, ...]


def understand(model: IntentModel, replies: Replies, messages: Sequence[Message]) -> list[Understanding]:
    """What each message asks, in the order of the messages."""
    texts = [message_text(message.body, message.subject) for message in messages]
    told = zip(model.answers(texts), model.languages(texts), model.nearest(texts), strict=True)
    found = []
    for (intent, confidence, is_sure), language, nearest in told:
        decision: Literal["answer", "draft", "leave"] = "leave"
        if intent != OUT_OF_SCOPE and language and replies.parts(intent, language):
            decision = "answer" if is_sure and not replies.intents[intent].needs_approval else "draft"
        asked = None if intent == OUT_OF_SCOPE else intent
        found.append(Understanding(asked, confidence, decision, language, tuple(nearest)))
    return found

"""The language of a text."""

import pytest

from include.service.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My parcel has not arrived yet, can you help me?", "en"),
        ("Mein Paket ist noch nicht angekommen, können Sie mir helfen?", "de"),
        ("Mon colis n'est pas encore arrivé, pouvez-vous m'aider ?", "fr"),
        ("Mi paquete todavía no ha llegado, ¿me pueden ayudar?", "es"),
        ("Il mio pacco non è ancora arrivato, può aiutarmi?", "it"),
        ("A minha encomenda ainda não chegou, você pode ajudar?", "pt"),
        ("Mijn pakket is nog niet aangekomen, kunt u mij helpen?", "nl"),
        ("Mitt paket har inte kommit än, kan ni hjälpa mig?", "sv"),
        ("Min pakke er ikke kommet, kan du hjælpe mig?", "da"),
        ("Moja paczka jeszcze nie dotarła, czy możecie mi pomóc?", "pl"),
        ("我的包裹还没到,请帮我查一下 Relay Dock 的物流", "zh"),
        ("荷物がまだ届いていません", "ja"),
        ("제 소포가 아직 도착하지 않았습니다", "ko"),
        ("Моя посылка ещё не пришла", "ru"),
        ("FW-250114-80073", None),
        ("", None),
    ],
)
def test_the_language_of_a_text(text: str, language: str | None) -> None:
    assert language_of(text) == language

"""What goes wrong with extracts."""


class ExtractError(Exception):
    """An extract could not be made or published: the message says which, why, and what became of it."""


class NoEngineError(ExtractError):
    """Tableau's engine is not installed here."""

    def __init__(self) -> None:
        super().__init__(
            "Extracts need the package pantab, which has Tableau's engine in it and is not installed here: "
            "there is none for Linux on ARM."
        )

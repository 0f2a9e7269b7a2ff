"""What a skeleton is made of, and what it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What the person said of the source to be; None where the sample is to tell."""

    name: str
    connection: str
    entity: str | None = None
    feeds: str | None = None
    auth: str | None = None


@dataclass(frozen=True)
class Skeleton:
    """The three files of an entity, and what was guessed.

    :param definition: the YAML of the whole source.
    :param add_connection: the command that makes its connection.
    :param block: that of the entity alone, for a source that is there already.
    :param took: what was taken for what, and why.
    :param look: what a person has to look at, or fill in.
    """

    name: str
    entity: str
    kind: str
    definition: str
    block: str
    statement: str
    suite: str
    add_connection: str
    took: tuple[str, ...]
    look: tuple[str, ...]

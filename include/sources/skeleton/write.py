"""Writing the files of a skeleton, none over another."""

from dataclasses import dataclass
from pathlib import Path

from include.settings import PROJECT
from include.sources.config import load_source
from include.sources.errors import SkeletonError
from include.sources.skeleton.model import Skeleton


@dataclass(frozen=True)
class Written:
    """The files that were written; ``block`` is what a person has to paste into the definition, when it was there."""

    files: tuple[Path, ...]
    block: str = ""


def write(skeleton: Skeleton, root: Path = PROJECT) -> Written:
    """Write the three files; a source that is there already keeps its definition.

    :param root: the project's folder.
    :raises SkeletonError: when any of them is there already: then nothing is written.
    """
    table = f"{skeleton.name}__{skeleton.entity}"
    definition = root / "include" / "config" / "sources" / f"{skeleton.name}.yaml"
    files = {
        root / "sql" / "staging" / f"{table}.sql": skeleton.statement,
        root / "expectations" / f"{table}.json": skeleton.suite,
    }
    block = ""
    if definition.exists():
        there = load_source(skeleton.name, definition.parent)
        if skeleton.entity in there.entities or there.kind != skeleton.kind:
            what = f"has {skeleton.entity} already" if skeleton.entity in there.entities else f"is of kind {there.kind}"
            raise SkeletonError(f"{definition.relative_to(root)} {what}. Nothing was written: choose another name.")
        block = skeleton.block
    else:
        files = {definition: skeleton.definition, **files}
    if taken := [path for path in files if path.exists()]:
        names = ", ".join(str(path.relative_to(root)) for path in taken)
        raise SkeletonError(f"{names} is there already. Nothing was written: move it away, or choose another name.")
    for path, text in files.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return Written(tuple(files), block)

"""What an erasure does with extracts: they are no text that one person's values could be taken out of."""

from collections.abc import Iterable
from pathlib import Path

from include.extracts.config import load_extracts
from include.extracts.errors import ExtractError
from include.warehouse.connection import Warehouse

_FOLDER = "extracts/"


def delete_extracts(folder: Path, *, dry_run: bool = False) -> dict[str, int]:
    """Delete every extract of the folder, unfinished ones too; returns file → 1.

    :param dry_run: change nothing.
    """
    files = sorted(folder.glob("*.hyper")) if folder.is_dir() else []  # pathlib's glob has dotted names, too
    if not dry_run:
        for file in files:
            file.with_suffix(".json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)
    return {f"{_FOLDER}{file.name}": 1 for file in files if not file.name.startswith(".")}


def make_again(warehouse: Warehouse, folder: Path, deleted: Iterable[str]) -> list[str]:
    """Make the extracts that were deleted, without the person; returns what could not be, in words."""
    there = load_extracts().extracts
    names = [Path(name).stem for name in deleted if name.startswith(_FOLDER) and Path(name).stem in there]
    if not names:
        return []
    from include.extracts.make import make_extracts  # brings pyarrow along

    try:
        make_extracts(warehouse, names, folder=folder)
    except ExtractError as error:
        return [f"extracts, which were deleted, could not all be made again: {line}" for line in str(error).split("\n")]
    return []


def published(folder: Path) -> list[str]:
    """What is said of extracts that were published to Tableau: the person is in them until they are replaced."""
    from include.extracts.make import Manifest  # brings pyarrow along

    told, known = [], load_extracts().extracts
    for file in sorted(folder.glob("*.hyper")) if folder.is_dir() else []:
        manifest = Manifest.of(file)
        if not manifest:
            told.append(f"extract {file.stem} was touched by someone: whether it was published is not known")
            continue
        if not manifest.published:
            continue
        extract = known.get(file.stem)
        if extract is None or extract.publish == "none":
            told.append(
                f"data source {file.stem} of Tableau's: extracts.yaml no longer replaces it, so delete it there"
            )
        elif manifest.published["as"] == "refresh":
            told.append(f"data source {file.stem} of Tableau's: its next refresh takes the person out")
        elif manifest.published["as"] == "create":
            told.append(f"data source {file.stem} of Tableau's: publish: create never replaces it, so delete it there")
        else:
            told.append(f"data source {file.stem} of Tableau's: the next run of make_extracts takes the person out")
    return told

"""``./crm extract``: tables of the warehouse as files that Tableau opens."""

import json
from typing import Annotated

import typer


def extract(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Extracts of include/config/extracts.yaml; all unless given.", show_default=False),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Write all rows of incremental extracts, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON, on the last line.")] = False,
) -> None:
    """Write tables of the warehouse as .hyper files, which Tableau opens; Airflow need not run."""
    from include.extracts.make import make_extracts
    from include.local import services
    from include.settings import EXTRACTS

    made = make_extracts(
        services.warehouse(), names or (), folder=EXTRACTS, full=full,
        tell=lambda one: None if as_json else print(one.as_text()),
    )  # fmt: skip
    if as_json:
        print(json.dumps([one.as_dict() for one in made]))

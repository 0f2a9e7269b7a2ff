"""``./crm classify``: whether labelled texts are good enough to answer by."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

err = Console(stderr=True, highlight=False)


def classify(
    train: Annotated[
        list[Path] | None,
        typer.Option(help="CSV file to learn from; may be given again. Without it: include/config/replies."),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="CSV file to score on; without it each part of --train is scored by the others."),
    ] = None,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="Column of the texts.")] = "text",
    label: Annotated[str, typer.Option(metavar="COLUMN", help="Column that says what they ask.")] = "label",
    out_of_scope: Annotated[
        str, typer.Option(metavar="LABEL", help="Label of the texts that are to be left to people.")
    ] = "out_of_scope",
    precision: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Of what is answered alone, the share that must be right.")
    ] = 0.98,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Parts that --train is split into, without --test.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Learn what texts ask from labelled texts, and say how much could be answered without a person, how rightly."""
    from include.replies.classify import classify as score
    from include.replies.classify import read_texts
    from include.replies.config import load_replies

    if test and not train:
        raise typer.BadParameter("give --train, the file to learn from, too", param_hint="--test")
    examples = read_texts(train, text, label) if train else load_replies().examples
    found = score(
        examples, read_texts(test, text, label) if test else None, folds=folds, precision=precision,
        out_of_scope=out_of_scope, tell=lambda line: err.print(escape(line), soft_wrap=True),
    )  # fmt: skip
    print(json.dumps(found.as_dict()) if as_json else found.as_text())

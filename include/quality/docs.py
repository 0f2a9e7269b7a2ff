"""Great Expectations' Data Docs out of stored results: pages that open from disk and need no network.

Great Expectations' renderers make the content. Its page frame, which loads styles, scripts, a logo and a newsletter
from eight other sites, is replaced by one of our own; so is its index, which is empty until those scripts have run.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment

from include.quality.expectations import gx_context


@dataclass(frozen=True)
class StoredValidation:
    """A kept result: ``window`` as people read it (``2026-11-22``), ``json`` as ``Validation.json`` gave it."""

    suite: str
    window: str
    load_id: str
    json: dict[str, Any]


_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --good: #197a3e; --bad: #b3261e; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --good: #6dd58c; --bad: #f2b8b5; --link: #a8c7fa } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem 1.5rem 4rem }
a { color: var(--link) }
h1 { font-size: 1.5rem }
h2, h3, h4, h5, h6, .h6 { font-size: 1rem; font-weight: 600; margin: 1.2rem 0 .3rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.2rem }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere }
nav.contents ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0 }
.ge-section { border-top: 1px solid var(--line) }
.alert { background: var(--soft); border-radius: .3rem; padding: .4rem .7rem }
.badge { background: var(--soft); border-radius: .3rem; padding: 0 .3rem; font-family: ui-monospace, monospace }
.text-success, .good { color: var(--good) }
.text-danger, .bad { color: var(--bad) }
i.fas { font-style: normal; font-weight: 700 }
i.fa-check-circle::before { content: "\\2713" }
i.fa-times::before { content: "\\2717" }
i.fa-exclamation-triangle::before { content: "!" }
.alert h5 { margin: 0 }
.label { white-space: nowrap }
.popover, li hr, [hidden] { display: none }
"""

# Takes the place of Great Expectations' page.j2; the content goes on through its own section.j2.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title | e }}</title>
<link rel="stylesheet" href="{{ root }}style.css">
</head>
<body>
<p><a href="{{ root }}index.html">All results</a></p>
<h1>{{ title | e }}</h1>
<nav class="contents"><ul>
{% for section in sections %}<li><a href="#section-{{ loop.index }}">{{ section["section_name"] | e }}</a></li>
{% endfor %}</ul></nav>
{% for section in sections %}{% set section_loop = loop %}{% include "section.j2" %}{% endfor %}
</body>
</html>
"""

_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data quality</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<h1>Data quality</h1>
<h2>Results</h2>
<table>
<thead><tr><th>Window</th><th>Suite</th><th>Load</th><th>Rules met</th><th>Not met</th></tr></thead>
<tbody>
{% for result, page in results %}
<tr>
<td class="label">{{ result.window }}</td>
<td class="label"><a href="{{ page }}">{{ result.suite }}</a></td>
<td class="label">{{ result.load_id }}</td>
{% set counts = result.json.statistics %}
<td class="label {{ 'good' if result.json.success else 'bad' }}">
{{ counts.successful_expectations }} of {{ counts.evaluated_expectations }}
</td>
<td>{{ result.json.results | rejectattr("success") | map(attribute="expectation_config.meta.rule") | join(", ") }}</td>
</tr>
{% else %}
<tr><td colspan="5">No batch has been validated yet.</td></tr>
{% endfor %}
</tbody>
</table>
<h2>Suites</h2>
<ul>
{% for suite in suites %}<li><a href="expectations/{{ suite }}.html">{{ suite }}</a></li>
{% endfor %}</ul>
</body>
</html>
"""


def build_docs(results: Iterable[StoredValidation], folder: Path) -> Path:
    """Write a page for each result and for each suite (as its last result ran it), and an index in the order given.

    Pages of earlier builds stay in the folder, without a link.

    :return: the index, ``folder/index.html``.
    """
    gx_context()
    from great_expectations.render.view.view import DefaultJinjaPageView

    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader({"page.j2": _PAGE}), view.env.loader])
    rows, suites = [], {}
    for result in results:
        page = f"validations/{result.suite}/{_file_name(result.window)}/{_file_name(result.load_id)}/result.html"
        _write(folder / page, _result_page(view, result))
        rows.append((result, page))
        suites[result.suite] = result
    for suite, result in suites.items():
        _write(folder / "expectations" / f"{suite}.html", _suite_page(view, result))
    _write(folder / "style.css", _STYLE)
    index = Environment(autoescape=True).from_string(_INDEX)
    return _write(folder / "index.html", index.render(results=rows, suites=sorted(suites)))


def _result_page(view: Any, result: StoredValidation) -> str:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    # The renderer's page names its asset, as a batch of Great Expectations' own would.
    meta = {**result.json["meta"], "batch_spec": {"data_asset_name": result.suite}}
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(
        ExpectationSuiteValidationResultSchema().load({**result.json, "meta": meta})
    )
    # Its last section tells when Great Expectations ran, which the title's window and load tell better.
    document.sections.pop()
    title = f"{result.suite}, {result.window}, load {result.load_id}"
    # The renderer's link to the suite goes up four folders.
    return view.render(document, title=title, root="../../../../")


def _suite_page(view: Any, result: StoredValidation) -> str:
    from great_expectations import ExpectationSuite
    from great_expectations.render.renderer.page_renderer import ExpectationSuitePageRenderer

    suite = ExpectationSuite(
        result.suite,
        expectations=[rule["expectation_config"] for rule in result.json["results"]],
        meta=result.json["meta"],
    )
    document = ExpectationSuitePageRenderer().render(suite)
    return view.render(document, title=f"Rules of {result.suite}", root="../")


def _file_name(label: str) -> str:
    return re.sub(r"[^\w-]+", "_", label)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path

"""Publishing extracts to Tableau Server or Tableau Cloud, by its REST interface."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import tableauserverclient as tsc
from requests import RequestException
from tableauserverclient.server.endpoint.exceptions import JobCancelledException, JobFailedException, TableauError

from include.extracts import hyper
from include.extracts.config import Extract
from include.extracts.errors import ExtractError
from include.extracts.make import Manifest

SECONDS_TO_REFRESH = 3600


def publish(server: tsc.Server, project: str, name: str, extract: Extract, folder: Path) -> str:
    """Publish an extract as the data source of its name; returns what was done, in a few words.

    :param server: Tableau's, signed in.
    :param project: the project's name; made when it is not there.
    :raises ExtractError: when it cannot be published.
    """
    file = folder / f"{name}.hyper"
    with _errors_told(name):
        if extract.publish == "none":
            return "not published, as extracts.yaml says"
        place = _project(server, project)
        there = _data_source(server, place, name)
        if extract.publish == "refresh":
            done = _refresh(server, there)
            if manifest := Manifest.of(file):
                _note(manifest, file, extract)
            return done
        if extract.publish == "create" and there:
            return "is there already, and left alone"
        manifest = Manifest.of(file)
        if manifest is None:
            raise ExtractError(f"{file} is not there, or was touched by someone: ./crm extract {name} makes it anew")
        if extract.publish == "append" and there and (through := _appended_through(manifest)):
            return _append(server, there, file, manifest, extract, through)
        mode = "CreateNew" if extract.publish == "create" else "Overwrite"
        server.datasources.publish(tsc.DatasourceItem(place, name), str(file), mode)
        _note(manifest, file, extract)
        return f"{manifest.rows:,} rows {'replaced' if there else 'created'}"


def _project(server: tsc.Server, name: str) -> str:
    for project in tsc.Pager(server.projects, _named(name)):
        if project.name == name and project.parent_id is None and project.id:
            return project.id
    made = server.projects.create(tsc.ProjectItem(name=name)).id
    assert made
    return made


def _data_source(server: tsc.Server, project_id: str, name: str) -> tsc.DatasourceItem | None:
    for source in tsc.Pager(server.datasources, _named(name)):
        if source.name == name and source.project_id == project_id:
            return source
    return None


def _named(name: str) -> tsc.RequestOptions:
    options = tsc.RequestOptions()
    options.filter.add(tsc.Filter(tsc.RequestOptions.Field.Name, tsc.RequestOptions.Operator.Equals, name))
    return options


def _appended_through(manifest: Manifest) -> date | None:
    """The last day that Tableau has; None when nobody knows, as after an append that was cut off."""
    told = manifest.published
    return date.fromisoformat(told["through"]) if told.get("through") and not told.get("is_appending") else None


def _append(
    server: tsc.Server, there: tsc.DatasourceItem, file: Path, manifest: Manifest, extract: Extract, through: date
) -> str:
    assert extract.day
    later = file.with_name(f".{file.stem}.later.hyper")
    try:
        rows = hyper.copy_later(file, extract.day, through, later)
        if not rows:
            return f"has no day after {through}: nothing to append"
        # an append that Tableau took, and whose answer was lost, must not be made twice: then the whole is published
        manifest.published["is_appending"] = True
        manifest.write(file)
        server.datasources.publish(there, str(later), "Append")
    finally:
        later.unlink(missing_ok=True)
    _note(manifest, file, extract)
    return f"{rows:,} rows appended"


def _note(manifest: Manifest, file: Path, extract: Extract) -> None:
    through = hyper.last_day(file, extract.day) if extract.day else None
    manifest.published = {"as": extract.publish, "through": through.isoformat() if through else None}
    manifest.write(file)


def _refresh(server: tsc.Server, there: tsc.DatasourceItem | None) -> str:
    if there is None:
        raise ExtractError(
            "Tableau has no data source of this name in the project to refresh: make it there, reading the warehouse,"
            " or set publish: to another way"
        )
    started = time.monotonic()
    job = server.datasources.refresh(there)
    if job is None:
        return "is being refreshed already"
    server.jobs.wait_for_job(job, timeout=SECONDS_TO_REFRESH)
    return f"refreshed in {time.monotonic() - started:.0f} s"


@contextmanager
def _errors_told(name: str) -> Iterator[None]:
    try:
        yield
    except ExtractError as error:
        raise ExtractError(f"data source {name}: {error}.") from None
    except (JobFailedException, JobCancelledException) as error:
        notes = "; ".join(error.job.notes or []) or "it says no more"
        raise ExtractError(f"data source {name}: Tableau's job failed: {notes}.") from error
    except (TableauError, RequestException, TimeoutError, RuntimeError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise ExtractError(f"data source {name}: Tableau did not take it: {told}.") from error

"""The steps that make extracts for Tableau, and publish them."""

from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from plugins.operators.day import DayOperator


class MakeExtractsOperator(DayOperator):
    """
    Write every extract of include/config/extracts.yaml as a .hyper file; returns rows written by name.

    What is written is the warehouse as it is now. So a past day's run, as of a backfill, is skipped: the next fresh day
    writes its rows, too.

    :param day: the business day of the run, ``2026-11-22``; empty in a run by hand, which always writes. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#ffedd5"

    def __init__(self, *, day: str = "{{ partition_key or '' }}", **kwargs) -> None:
        super().__init__(day=day, **kwargs)

    def execute(self, context) -> dict[str, int]:
        from include.extracts.errors import NoEngineError
        from include.extracts.make import make_extracts
        from include.settings import EXTRACTS
        from include.warehouse.marts import is_fresh

        if self.day and not is_fresh(self.window, datetime.now(UTC)):
            raise AirflowSkipException("A past day's rows are written by the next fresh day.")
        try:
            made = make_extracts(self.warehouse, folder=EXTRACTS, tell=lambda one: self.log.info("%s", one.as_text()))
        except NoEngineError as error:
            raise AirflowSkipException(str(error)) from None
        return {one.name: one.written for one in made}


class PublishExtractsOperator(DayOperator):
    """
    Publish every extract to Tableau Server or Tableau Cloud as include/config/extracts.yaml says, by its connection;
    returns what was done by name. Where the connection is missing, extracts are files only, and the step is skipped.

    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#ffedd5"

    def execute(self, context) -> dict[str, str]:
        from include.extracts.config import load_extracts
        from include.extracts.errors import ExtractError
        from include.settings import EXTRACTS
        from plugins.hooks.tableau import TokenTableauHook

        config = load_extracts()
        try:
            hook = TokenTableauHook(tableau_conn_id=config.connection)
        except AirflowNotFoundException:
            raise AirflowSkipException(
                f"There is no connection {config.connection}, so extracts are files in {EXTRACTS}, and not published."
                f" docs/tableau.md says how to add it."
            ) from None
        from include.extracts.tableau import publish
        from include.warehouse.locks import exclusive

        done, failed = {}, []
        with hook:
            for name, extract in config.extracts.items():
                try:
                    # an erasure deletes extracts, and has to know what Tableau has
                    with self.warehouse.connect(autocommit=True) as connection, exclusive(connection, "extracts"):
                        done[name] = publish(hook.server, config.project, name, extract, EXTRACTS)
                except ExtractError as error:
                    failed.append(str(error))
                else:
                    self.log.info("%s: %s", name, done[name])
        if failed:
            raise ExtractError("\n".join(failed))
        return done

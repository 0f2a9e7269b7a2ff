"""
The route that takes webhooks: ``POST /crm/hooks/<source>``.

It is the one route of Airflow's API server without Airflow's login: senders are known by their signatures.
"""

from functools import cache

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/crm/hooks"


async def app(scope, receive, send) -> None:
    """The app, made with the first request: only the API server gets one, and every process loads this file."""
    await _app()(scope, receive, send)


class WebhooksPlugin(AirflowPlugin):
    """Mounts the route in the API server."""

    name = "crm_webhooks"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "CRM webhooks"}]  # noqa: RUF012 (Airflow's own form)


@cache
def _app():
    from include.hooks.app import make_app

    return make_app(doors, store, announce)


def doors() -> dict:
    """Every source that is switched on, takes webhooks, and has a secret in its connection."""
    from airflow.configuration import conf
    from airflow.exceptions import AirflowNotFoundException
    from airflow.utils.session import create_session
    from sqlalchemy import text

    from include.hooks.app import Door
    from include.sources.config import load_sources
    from plugins.hooks.source import SourceHook

    base = conf.get("api", "base_url", fallback="").rstrip("/")
    found = {}
    for source in load_sources().values():
        if not source.enabled or not source.hooks:
            continue
        try:
            extra = SourceHook(source.connection).get_conn().extra
        except AirflowNotFoundException:
            # Airflow says the same when its database does not answer, and then that is not known
            with create_session() as session:
                session.execute(text("select 1"))
            continue
        if secret := extra.get("webhook_secret"):
            url = extra.get("webhook_url") or f"{base}{PREFIX}/{source.name}"
            found[source.name] = Door(source.hooks.kind, str(secret), str(url))
    return found


def store(source: str, delivery, body: bytes) -> None:
    """Commit a webhook to ops.webhook."""
    from include.warehouse import webhooks
    from plugins.hooks.warehouse import WarehouseHook

    webhooks.store(WarehouseHook().warehouse, source, delivery, body)


def announce(source: str) -> None:
    """
    Publish the asset that the source's DAG waits for, as Airflow's own ``POST /api/v2/assets/events`` does.

    Airflow keeps one waiting event an asset and DAG: while a run goes on, any number of them make one run more.
    """
    from airflow.assets.manager import asset_manager
    from airflow.serialization.definitions.assets import SerializedAssetUniqueKey
    from airflow.utils.session import create_session

    from include.assets import webhooks_of

    asset = webhooks_of(source)
    key = SerializedAssetUniqueKey(asset.name, asset.uri)
    with create_session() as session:
        if not asset_manager.register_asset_change(asset=key, source_is_api=True, session=session):
            raise LookupError(f"Airflow does not know the asset {asset.uri} yet")

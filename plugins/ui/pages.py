"""
The pages in Airflow's menu: reports, customers, quality, actions, sources, and today so far.

They take Airflow's login. Who may read a DAG may read the page that tells of it; who may run the DAG that carries a
change out may make the change.
"""

from functools import cache
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

# beside the webhooks, not above them: the first mount that fits takes a request
PREFIX = "/crm/pages"
BASE = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX


async def app(scope, receive, send) -> None:
    """The app, made with the first request: only the API server gets one, and every process loads this file."""
    await _app()(scope, receive, send)


class PagesPlugin(AirflowPlugin):
    """Mounts the pages in the API server, and puts them into its menu."""

    name = "crm_pages"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "CRM pages"}]  # noqa: RUF012 (Airflow's own form)
    external_views = [  # noqa: RUF012
        {
            "name": "CRM",
            "href": f"{BASE}/today",
            "destination": "nav",
            "url_route": "crm",
            "icon": f"{BASE}/icon.svg",
            "nav_top_level": True,
        }
    ]


@cache
def _app():
    from include.pages.app import Surroundings, make_app
    from include.settings import REPORTS, STATE
    from plugins.hooks.warehouse import WarehouseHook

    return make_app(
        Surroundings(identify, may, trigger, lambda: WarehouseHook().warehouse, REPORTS, STATE / "data_docs")
    )


async def identify(request):
    """Airflow's user, by the cookie or the token of a request; None when it has neither, or none that holds."""
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from fastapi import HTTPException

    from include.pages.app import Visitor

    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        return None
    return Visitor(user.get_name(), user)


def may(visitor, right: str, dag_id: str) -> bool:
    """Ask Airflow's auth manager, as Airflow's own API does."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.models.dag import DagModel

    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    manager = get_auth_manager()
    if right == "read":
        return manager.is_authorized_dag(method="GET", details=details, user=visitor.user)
    return manager.is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=details, user=visitor.user
    )


def trigger(visitor, dag_id: str, conf: dict) -> str:
    """Start a run in the visitor's name, as Airflow's own button does."""
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.exceptions import AirflowException, ParamValidationError
    from airflow.utils.types import DagRunTriggeredByType

    from include.pages.app import Refused

    try:
        run = trigger_dag(dag_id, triggered_by=DagRunTriggeredByType.UI, triggering_user_name=visitor.name, conf=conf)
    except (AirflowException, ParamValidationError, ValueError) as error:
        raise Refused(409, f"No run of {dag_id} was started: {str(error).splitlines()[0]}") from None
    return run.run_id if run else ""

"""The pages inside Airflow's real API server: its login, its roles, its menu, and the webhooks beside them."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from include.local import airflow, processes
from include.local.ports import first_free
from include.settings import PROJECT
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.deliveries import rows

# what the DAG processor does with the file
PARSE = """
import sys
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

DagBundlesManager().sync_bundles_to_db()
sync_bag_to_db(DagBag(sys.argv[1], bundle_name="dags-folder"), "dags-folder", None)
"""
USERS = {"ann": "op", "vic": "viewer"}


@dataclass
class Server:
    """Airflow's API server, its database and the warehouse behind it, and a token for each user."""

    url: str
    metadata: Warehouse
    warehouse: Warehouse
    tokens: dict[str, str]

    def ask(self, method: str, path: str, user: str = "", **form: str) -> urllib3.BaseHTTPResponse:
        """Ask as a browser does: with the cookie of Airflow's login."""
        headers = {"cookie": f"_token={self.tokens[user]}"} if user else {}
        if method == "POST":
            headers |= {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return urllib3.request(
            method, f"{self.url}/crm/{path}", body=urlencode(form), headers=headers, redirect=False, timeout=60
        )


@pytest.fixture(scope="module")
def server(embedded: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state = tmp_path_factory.mktemp("airflow")
    metadata, warehouse = embedded.empty(), embedded.warehouse()
    dags = state / "dags"
    dags.mkdir()
    shutil.copy(PROJECT / "dags" / "replay_quarantine.py", dags)
    env = airflow.environment(state, metadata.url, first_free(18180), warehouse.url)
    passwords = state / "airflow" / "passwords.json"
    passwords.write_text(json.dumps({user: f"{user}-password" for user in USERS}))
    env |= {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
    }
    airflow.migrate(env)
    child = processes.start("api-server", ["-m", "airflow", "api-server"], env, state / "logs")
    try:
        done = subprocess.run(
            [sys.executable, "-c", PARSE, str(dags)], env=env, cwd=PROJECT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + 120
        while not airflow.health(env):
            assert child.process() and time.monotonic() < deadline, (state / "logs" / "api-server.log").read_text()
            time.sleep(0.1)
        url = airflow.address(env)
        tokens = {}
        for user in USERS:
            login = {"username": user, "password": f"{user}-password"}
            tokens[user] = urllib3.request("POST", f"{url}/auth/token", json=login).json()["access_token"]
        yield Server(url, metadata, warehouse, tokens)
    finally:
        processes.stop([child])


def test_airflows_login_and_roles_hold(server: Server) -> None:
    for page in ("today", "reports", "customers", "quality", "actions", "sources", "style.css", "nothing"):
        assert server.ask("GET", f"pages/{page}").status == 401
        wanted = 404 if page == "nothing" else 200
        assert server.ask("GET", f"pages/{page}", "vic").status == wanted, page
    assert server.ask("POST", "pages/quality/replay", source="sandbox_crm").status == 401
    assert server.ask("POST", "pages/quality/replay", "vic", source="sandbox_crm").status == 403
    headers = {"authorization": f"Bearer {server.tokens['vic']}"}
    assert urllib3.request("GET", f"{server.url}/crm/pages/reports", headers=headers).status == 200
    wrong = {"cookie": f"_token={server.tokens['vic'][:-2]}"}
    assert urllib3.request("GET", f"{server.url}/crm/pages/reports", headers=wrong, retries=False).status == 401


def test_a_form_starts_a_run_in_the_visitors_name(server: Server) -> None:
    answer = server.ask("POST", "pages/quality/replay", "ann", source="sandbox_crm", entity="contacts")
    assert answer.status == 303 and answer.headers["location"] == "/crm/pages/quality?done=replay"
    runs = rows(server.metadata, "select dag_id, triggering_user_name, state, conf::text from dag_run")
    (run,) = [row[:3] for row in runs]
    assert run == ("replay_quarantine", "ann", "queued")
    assert json.loads(runs[0][3]) == {"source": "sandbox_crm", "entity": "contacts"}
    # a DAG that Airflow does not know is said
    answer = server.ask("POST", "pages/reports/render", "ann", subject="sales", first_day="2025-09-01",
                        last_day="2025-09-02")  # fmt: skip
    assert answer.status == 409 and b"render_window" in answer.data


def test_the_pages_are_in_the_menu_and_leave_the_webhooks_alone(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.tokens['vic']}"}
    plugins = urllib3.request("GET", f"{server.url}/api/v2/plugins?limit=100", headers=headers).json()["plugins"]
    views = [view for plugin in plugins for view in plugin["external_views"]]
    (view,) = [view for view in views if view["name"] == "CRM"]
    assert urllib3.request("GET", server.url + view["href"], headers=headers).status == 200
    assert urllib3.request("GET", server.url + view["icon"], headers=headers).headers["content-type"] == "image/svg+xml"
    hook = urllib3.request("POST", f"{server.url}/crm/hooks/nobody", body=b"[]",
                           headers={"content-type": "application/json"}, retries=False)  # fmt: skip
    assert (hook.status, hook.data) == (401, b"")


def test_airflows_menu_leads_to_the_pages_and_their_forms_work_there(server: Server, browser: Any) -> None:
    with server.warehouse.connect() as connection:
        connection.execute(
            "insert into ops.quarantine (source, entity, payload_hash, stage, rules, load_id, window_start, window_end)"
            " values ('sandbox_crm', 'deals', gen_random_uuid(), 'rules', '{odd}', 1, now(), now())"
        )
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "_token", "value": server.tokens["ann"], "url": server.url}])
    try:
        tab = context.new_page()
        tab.set_default_timeout(60_000)
        tab.goto(server.url)
        tab.get_by_role("link", name="CRM").click()
        frame = tab.frame_locator("iframe[title=CRM]")
        frame.get_by_role("heading", name="Today so far").wait_for()
        frame.get_by_role("link", name="Quality").click()
        frame.get_by_role("button", name="Replay sandbox_crm deals").click()
        frame.get_by_role("status").wait_for()
        assert "replay_quarantine was started" in frame.get_by_role("status").inner_text()
    finally:
        context.close()
    confs = rows(server.metadata, "select conf::text from dag_run order by id desc limit 1")
    assert json.loads(confs[0][0]) == {"source": "sandbox_crm", "entity": "deals"}

"""The route inside Airflow's real API server: a webhook is stored, and the source's DAG has a run to come."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import urllib3

from include.local import airflow, processes
from include.local.ports import first_free
from include.sandbox.webhooks import crm_headers
from include.settings import PROJECT
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.deliveries import rows

SECRET = "s3cret-of-this-test"
# what the DAG processor does with the file, and then a run of the DAG: in one process, since Airflow is slow to import
PARSE_AND_RUN = """
import sys
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

DagBundlesManager().sync_bundles_to_db()
bag = DagBag(sys.argv[1], bundle_name="dags-folder")
sync_bag_to_db(bag, "dags-folder", None)
run = bag.dags["ingest_sandbox_crm_hooks"].test()
(task,) = run.get_task_instances()
print(task.task_id, task.state, task.xcom_pull(task_ids=task.task_id))
"""


@dataclass
class Server:
    """Airflow's API server, its database and the warehouse behind it.

    :param ran: what a run of the source's DAG said, before any webhook came.
    """

    url: str
    metadata: Warehouse
    warehouse: Warehouse
    ran: str


@pytest.fixture(scope="module")
def server(embedded: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state = tmp_path_factory.mktemp("airflow")
    metadata, warehouse = embedded.empty(), embedded.warehouse()
    dags = state / "dags"
    dags.mkdir()
    shutil.copy(PROJECT / "dags" / "ingest_hooks.py", dags)
    env = airflow.environment(state, metadata.url, first_free(18080), warehouse.url) | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW_CONN_SANDBOX_CRM": json.dumps({"conn_type": "http", "extra": {"webhook_secret": SECRET}}),
    }
    airflow.migrate(env)
    child = processes.start("api-server", ["-m", "airflow", "api-server"], env, state / "logs")
    try:
        done = subprocess.run(
            [sys.executable, "-c", PARSE_AND_RUN, str(dags)], env=env, cwd=PROJECT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + 120
        while not airflow.health(env):
            assert child.process() and time.monotonic() < deadline, (state / "logs" / "api-server.log").read_text()
            time.sleep(0.1)
        yield Server(airflow.address(env), metadata, warehouse, done.stdout)
    finally:
        processes.stop([child])


def send(url: str, body: bytes, secret: str = SECRET) -> urllib3.BaseHTTPResponse:
    headers = {"content-type": "application/json", **crm_headers(secret, url, body)}
    return urllib3.request("POST", url, body=body, headers=headers, retries=False, timeout=20)


def test_a_webhook_is_stored_and_the_sources_dag_is_due(server: Server) -> None:
    url = f"{server.url}/crm/hooks/sandbox_crm"
    body = b'[{"subscriptionType": "contact.creation", "objectId": 1}]'
    for _ in range(3):
        assert send(url, body).status == 200
    stored = rows(server.warehouse, "select source, state, convert_from(body, 'utf8') from ops.webhook")
    assert set(stored) == {("sandbox_crm", "waiting", body.decode())}
    due = "select q.target_dag_id, a.uri from asset_dag_run_queue as q inner join asset as a on q.asset_id = a.id"
    deadline = time.monotonic() + 10
    while not (found := rows(server.metadata, due)) and time.monotonic() < deadline:
        time.sleep(0.1)
    # however many webhooks came, one run is due
    assert found == [("ingest_sandbox_crm_hooks", "crm://webhooks/sandbox_crm")]


def test_only_the_route_of_webhooks_is_open_and_it_tells_nothing(server: Server) -> None:
    assert urllib3.request("GET", f"{server.url}/api/v2/dags", retries=False).status == 401
    body = b"[]"
    known = send(f"{server.url}/crm/hooks/sandbox_crm", body, secret="another")
    unknown = send(f"{server.url}/crm/hooks/nobody", body)
    without_secret = send(f"{server.url}/crm/hooks/sandbox_helpdesk", body)
    answers = {(answer.status, answer.data) for answer in (known, unknown, without_secret)}
    assert answers == {(401, b"")}
    assert urllib3.request("GET", f"{server.url}/crm/hooks/sandbox_crm", retries=False).status == 405


def test_a_run_that_finds_nothing_ends_well(server: Server) -> None:
    said = server.ran.splitlines()[-1]
    assert said.startswith("land_and_stage success") and "'webhooks': 0" in said

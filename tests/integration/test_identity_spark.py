"""Identity on Spark: a standalone cluster of a master and two workers on loopback finds what one process finds."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from include.customers.cleaning.companies import clean_companies
from include.customers.cleaning.people import clean_people
from include.customers.errors import IdentityError
from include.customers.identity.clusters import cluster
from include.customers.identity.config import KindConfig, load_identity_config
from include.customers.identity.engine import score, train
from include.customers.identity.model import starting_model
from include.local.ports import first_free
from tests.bench.people import people

CONFIG = load_identity_config()

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None,
        reason="pyspark is not installed: .venv/bin/pip install --requirement requirements-spark.txt",
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java on this machine"),
]


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster with two workers, each a process of its own."""
    import pyspark

    folder = tmp_path_factory.mktemp("spark")
    start = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    address = f"spark://127.0.0.1:{first_free(7077)}"
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    deploy = "org.apache.spark.deploy"
    parts = {
        "master": [
            *(f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]),
            *("--webui-port", "0"),
        ],
        **{
            f"worker-{number}": [
                *(f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g"),
                *("--webui-port", "0", "--work-dir", str(folder / f"work-{number}"), address),
            ]
            for number in (1, 2)
        },
    }
    # two cores have nothing of the two hundred parts into which Spark shuffles by default
    (folder / "spark-defaults.conf").write_text("spark.sql.shuffle.partitions 2\n")
    running = []
    try:
        for name, command in parts.items():
            with (folder / f"{name}.log").open("w") as log:
                running.append(subprocess.Popen([start, *command], stdout=log, stderr=log, env=environment))
            if name == "master":
                _wait_for(folder / "master.log", r"Starting Spark master", 1)
        _wait_for(folder / "master.log", r"Registering worker", 2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYSPARK_PYTHON", sys.executable)
            patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
            patch.setenv("SPARK_CONF_DIR", str(folder))
            yield address
        # both workers had a hand in it
        assert len(list(folder.glob("work-*/app-*"))) >= 2
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _wait_for(log: Path, what: str, times: int) -> None:
    deadline = time.monotonic() + 90
    while len(re.findall(what, log.read_text())) < times:
        if time.monotonic() > deadline:
            pytest.fail(f"{what} was not logged {times} times:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def on_spark(kind: KindConfig, master: str) -> KindConfig:
    return kind.model_copy(update={"engine": "spark", "spark_master": master})


def clusters(records: pa.Table, pairs: pa.Table, link_at: float) -> pa.Table:
    links = pairs.filter(pc.greater_equal(pairs["probability"], link_at))
    return cluster(records["unique_id"], links.select(["id_a", "id_b", "weight"]))


def test_people_have_the_same_pairs_scores_and_clusters(master: str) -> None:
    names = [("Łukasz", "Wiśniewski"), ("王", "小明"), ("Zoë", "O'Brien"), ("Мария", "Иванова"), ("José", "Núñez")]
    written = pa.Table.from_pylist(
        [
            {"unique_id": f"{place}{twin}", "given_name": given, "family_name": family, "city": "Łódź"}
            for place, (given, family) in enumerate(names)
            for twin in "ab"
        ]
    )
    crowd, _ = people(1_000, 400, seed=11)
    records = pa.concat_tables([crowd, clean_people(written)], promote_options="default").combine_chunks()
    kind = CONFIG.persons
    model = train(records, kind)
    here = score(records, model, kind, at_least=0.0)
    there = score(records, model, on_spark(kind, master), at_least=0.0)
    assert len(here) > 400
    assert there.equals(here)
    assert clusters(records, there, kind.link_at).equals(clusters(records, here, kind.link_at))


def test_firms_that_are_new_are_compared_with_all(master: str) -> None:
    names = ["Nordvik AB", "Nordvik", "Berg GmbH", "Berg", "Lindqvist Ltd"]
    firms = clean_companies(pa.table({"unique_id": list("12345"), "name": names}))
    kind, model = CONFIG.organisations, starting_model(CONFIG.organisations)
    found = score(firms, model, on_spark(kind, master), at_least=0.0, fresh=pa.array(["2"]))
    assert found.select(["id_a", "id_b"]).to_pylist() == [{"id_a": "1", "id_b": "2"}]
    assert found.equals(score(firms, model, kind, at_least=0.0, fresh=pa.array(["2"])))


def test_no_cluster_at_the_address_is_said_at_once() -> None:
    records, _ = people(10, 5, seed=1)
    kind = on_spark(CONFIG.persons, "spark://127.0.0.1:1")
    with pytest.raises(IdentityError, match=r"no Spark master answers at spark://127\.0\.0\.1:1"):
        score(records, starting_model(kind), kind)

"""docker-compose.yaml, Dockerfile and .env.example agree with each other and with the lock."""

import re
from pathlib import Path

import pytest
import yaml

from include.settings import PROJECT

COMPOSE = (PROJECT / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict] = yaml.safe_load(COMPOSE)["services"]
ONE_SHOT = {"airflow-init"}
SECRETS = {
    *("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "FERNET_KEY", "JWT_SECRET", "API_SECRET_KEY", "REDIS_PASSWORD"),
}


def example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_part_is_there() -> None:
    airflow = {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "airflow-init"}
    assert set(SERVICES) == airflow | {"postgres", "redis", "sandbox"}
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"worker": ["celery"], "redis": ["celery"], "sandbox": ["sandbox"]}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_long_running_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_what_waits_for_a_service_waits_until_it_is_healthy_or_done() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            done = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == done


def test_every_variable_is_in_the_example_with_a_comment() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE))
    assert used == set(example())
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for name in SECRETS:
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name}="))
        assert "openssl rand" in lines[at - 1]


def test_no_secret_has_a_default() -> None:
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", COMPOSE)
        assert uses
        assert all(use.startswith(":?") for use in uses)
        assert example()[name] == ""


def test_the_defaults_of_the_example_are_those_of_the_compose_file() -> None:
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE))
    assert defaults == {name: value for name, value in example().items() if name not in SECRETS}


def test_ports_are_bound_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_is_of_the_locked_airflow() -> None:
    locked = re.search(r"^apache-airflow==(\S+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    image = re.search(r"^FROM apache/airflow:(\S+)-python(\S+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert locked and image
    assert image[1] == locked[1]
    assert image[2] in ("3.11", "3.12", "3.13")


def test_only_what_the_image_copies_is_sent_to_its_build() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (\S+)", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert "*" in ignored
    assert let_in == set(copied)
    assert all(Path(PROJECT / name).exists() for name in copied)

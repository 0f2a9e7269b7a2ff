"""Forgetting a person of the sandbox company: nothing of them is left anywhere, and nothing brings them back."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql

from include.customers import forget as forgetting
from include.customers.forget import Erasure, ForgetError, forget
from include.extracts import hyper
from include.extracts.make import Manifest, make_extracts
from include.ingest import replay_source
from include.replies.intents import Example
from include.replies.training import train_replies
from include.reports.render import Format, render
from include.service import models
from include.settings import SQL
from include.sources.config import load_source
from include.warehouse import webhooks
from include.warehouse.connection import Warehouse
from include.warehouse.staging import stage
from include.window import Window
from tests.conftest import Databases, database
from tests.deliveries import Delivery, build, checksums, load, page, rows, settle_all
from tests.sandbox import Sandbox, running

COMPANY = ("--seed", "4711", "--start", "2025-08-01", "--months", "2", "--companies", "12", "--people", "40",
           "--deals", "40", "--tickets", "80", "--now", "2025-09-20T00:00:00Z")  # fmt: skip
WINDOW = Window.between(date(2025, 8, 1), date(2025, 9, 10))
LONGER = Window.between(date(2025, 8, 1), date(2025, 9, 18))
LOADED = {
    "sandbox_crm": ("pipelines", "contacts", "deals", "emails"),
    "sandbox_helpdesk": ("users", "tickets", "ticket_events", "satisfaction_ratings"),
    "sandbox_orders": ("orders",),
}
SCHEMAS = ("raw", "staging", "core", "mart", "ops")
EVERY_COLUMN = """
    select n.nspname, c.relname, array_agg(a.attname)
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
    group by 1, 2
"""


@dataclass
class Person:
    """Somebody with a record in the CRM and in the help desk, deals, tickets and orders."""

    customer_id: str
    full_name: str
    email: str
    phone: str
    contact: str
    user: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.email, self.full_name, self.phone, self.customer_id, self.contact, self.user)


@dataclass
class Company:
    """A copy of the loaded warehouse, with reports and files of its own."""

    warehouse: Warehouse
    state: Path
    person: Person

    @property
    def reports(self) -> Path:
        return self.state / "reports"

    def forget(self, *, dry_run: bool = False) -> Erasure:
        return forget(
            self.warehouse, emails=[self.person.email], by="test", reason="asked by letter", dry_run=dry_run,
            state=self.state, reports=self.reports, extracts=self.state / "extracts",
        )  # fmt: skip

    def files(self) -> dict[str, str]:
        """File → checksum."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.state.rglob("*") if path.is_file()
        }  # fmt: skip

    def places(self, *texts: str) -> list[str]:
        """Every table, column and file that has one of the texts in it."""
        found = []
        with self.warehouse.connect() as connection:
            for schema, table, columns in connection.execute(EVERY_COLUMN).fetchall():
                for column in columns:
                    text = sql.SQL("case when pg_typeof({0}) = 'bytea'::regtype then encode({0}::text::bytea, 'escape')"
                                   " else {0}::text end").format(sql.Identifier(column))  # fmt: skip
                    for wanted in texts:
                        row = connection.execute(
                            sql.SQL("select count(*) from {} where position(lower({}) in lower({})) > 0").format(
                                sql.Identifier(schema, table), wanted, text
                            )
                        ).fetchone()
                        if row and row[0]:
                            found.append(f"{schema}.{table}.{column}: {wanted}")
        for path in self.state.rglob("*"):
            content = path.read_bytes().decode(errors="replace").lower() if path.is_file() else ""
            found += [f"{path}: {wanted}" for wanted in texts if wanted.lower() in content]
        return found

    def rows(self) -> dict[str, Counter[str]]:
        """Table → its rows as texts, without the number of the load that brought them."""
        found = {}
        with self.warehouse.connect() as connection:
            for schema, table, columns in connection.execute(EVERY_COLUMN).fetchall():
                if schema not in SCHEMAS:
                    continue
                names = sql.SQL(", ").join(sql.Identifier(c) for c in columns if c not in ("load_id", "built_at"))
                statement = sql.SQL("select row({})::text from {}").format(names, sql.Identifier(schema, table))
                found[f"{schema}.{table}"] = Counter(row[0] for row in connection.execute(statement))
        return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), *COMPANY) as sandbox:
        yield sandbox


def pull(warehouse: Warehouse, sandbox: Sandbox, window: Window) -> None:
    for name, entities in LOADED.items():
        source = load_source(name)
        for entity in entities:
            load(warehouse, sandbox.pull(source, source.entities[entity], window))


@pytest.fixture(scope="module")
def loaded(embedded: Databases, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Person]:
    """The name of a database with the company in it, and who is to be forgotten."""
    warehouse = embedded.warehouse()
    pull(warehouse, sandbox, WINDOW)
    build(warehouse, [WINDOW.first_day, WINDOW.last_day], settle=True)
    found = rows(
        warehouse,
        "select c.customer_id, c.full_name, c.email, coalesce(c.phone, c.email), k.record_key, u.record_key"
        " from mart.customer_360 as c"
        " inner join core.customer_link as k on c.customer_id = k.customer_id and k.source = 'sandbox_crm'"
        " inner join core.customer_link as u on c.customer_id = u.customer_id and u.source = 'sandbox_helpdesk'"
        " where c.deals > 0 and c.tickets > 0 and c.orders > 0 order by c.customer_id",
    )
    page_of_customers = render(warehouse, "customers", WINDOW, list(LOADED), tmp_path_factory.mktemp("reports")).path
    person = next(one for row in found if (one := Person(*row)).full_name in page_of_customers.read_text())
    other = rows(
        warehouse,
        "select source_id, payload::text from raw.sandbox_helpdesk__tickets where payload ->> 'requester_id' <> %s"
        " order by source_id limit 1",
        [person.user],
    )
    mention(warehouse, person, json.loads(other[0][1]))
    build(warehouse, [WINDOW.first_day, WINDOW.last_day], settle=True)
    return warehouse.url.rsplit("/", 1)[1], person


def mention(warehouse: Warehouse, person: Person, ticket: dict) -> None:
    """Put the person wherever a company may come to have them."""
    train_replies(warehouse, [Example(f"I am {person.full_name}, write to {person.email}", "complaint", "en")])
    bad: dict = {"id": person.contact, "archived": False, "properties": {
        "email": person.email, "createdate": "some day", "lastmodifieddate": "2025-09-10T10:00:00Z"}}  # fmt: skip
    new = {"id": "999999999001", "archived": False, "properties": {
        "email": person.email.upper(), "firstname": "E", "createdate": "soon",
        "lastmodifieddate": "2025-09-10T10:00:00Z"}}  # fmt: skip
    load(warehouse, Delivery("sandbox_crm", "contacts", WINDOW, (page(bad, new),)))
    deal = {"id": "15299999999", "archived": False, "contacts": [int(person.contact)], "properties": {
        "dealname": f"For {person.full_name}", "amount": "much", "createdate": "2025-09-01T10:00:00Z",
        "dealstage": "closedlost", "hs_lastmodifieddate": "2025-09-10T10:00:00Z"}}  # fmt: skip
    load(warehouse, Delivery("sandbox_crm", "deals", WINDOW, (page(deal),)))
    lead = {
        "Id": "00Q000000000001AAA", "IsDeleted": False, "FirstName": person.full_name.split()[0],
        "LastName": person.full_name.split()[-1], "Email": person.email, "Status": "Working", "LeadSource": "Web",
        "IsConverted": False, "OwnerId": "005A", "CreatedDate": "2025-09-01T10:00:00.000+0000",
        "SystemModstamp": "2025-09-10T10:00:00.000+0000", "LastModifiedDate": "2025-09-10T10:00:00.000+0000",
    }  # fmt: skip
    load(warehouse, Delivery("salesforce", "leads", WINDOW, (page(lead),)))
    # somebody else's ticket, in which their address is told
    ticket |= {
        "description": f"Please answer\n{person.full_name} <{person.email}>, too",
        "updated_at": "2025-09-10T10:00:00Z",
    }
    load(warehouse, Delivery("sandbox_helpdesk", "tickets", WINDOW, (page(ticket),)))
    webhooks.store(warehouse, "sandbox_crm", uuid4(), json.dumps([{"objectId": int(person.contact)}]).encode())
    webhooks.store(warehouse, "sandbox_helpdesk", uuid4(), json.dumps({"to": person.email.title()}).encode())
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.quarantine (source, entity, payload_hash, stage, rules, payload, load_id, window_start,"
            " window_end) values ('sandbox_crm', 'contacts', gen_random_uuid(), 'read', '{not_json}', %s, 1, now(),"
            " now())",
            [f'{{"email": "{person.email}", '],
        )
        connection.execute("update ops.load set detail = %s where load_id = 1", [f"no such user {person.email}"])
        connection.execute(
            "insert into ops.outbox (message_key, kind, channel, recipient, subject, payload, state, proposed_at,"
            " not_before, not_after, attempt_after) values ('reminder/rep/1', 'reminder', 'email', 'rep@acme.example',"
            " %(name)s, json_build_object('text', 'Call ' || %(name)s, 'html', '<b>' || %(email)s || '</b>'), 'sent',"
            " now(), now(), now() + interval '1 day', now())",
            {"name": f"{person.full_name}: no activity", "email": person.email},
        )
        # a list for a lead in which a ticket of theirs is, in words that name nobody
        connection.execute(
            "with message as (insert into ops.outbox (message_key, kind, channel, recipient, subject, payload, state,"
            " proposed_at, not_before, not_after, attempt_after) values ('alert/1', 'alert', 'email',"
            " 'lead@acme.example', '1 thing', json_build_object('text', 'My screen from Leeds flickers'), 'approved',"
            " now(), now(), now() + interval '1 day', now()) returning outbox_id)"
            " insert into ops.alert_notice (outbox_id, window_end, kind, source, subject_id, measure, instance_no)"
            " select outbox_id, now(), 'bad_feedback', source, ticket_id, 'r1', 0 from message"
            " cross join (select source, ticket_id from core.fct_ticket where requester_key = %s limit 1) as t",
            [person.user],
        )


@pytest.fixture
def company(embedded: Databases, loaded: tuple[str, Person], tmp_path: Path) -> Company:
    name, person = loaded
    company = Company(Warehouse(database(embedded.admin_url, embedded._new(name))), tmp_path, person)
    for subject in ("customers", "sales", "service"):
        formats: tuple[Format, ...] = ("pdf", "xlsx") if subject == "customers" else ()
        render(company.warehouse, subject, WINDOW, list(LOADED), company.reports, formats)
    for path, content in {
        "crawls/sandbox_site/people/1.jsonl": json.dumps({"id": "1", "name": person.full_name}),
        "logs/scheduler.log": f"one\nasked for {person.email}\nthree\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(content)
    return company


def test_nothing_of_them_is_left_and_nobody_else_is_touched(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    person = company.person
    # eighty tickets are too few for topics to be found in, so those below stay
    monkeypatch.setattr(models, "tell_topics", lambda connection, last_day: None)
    assert company.places(*person.texts)
    figures = [
        "select day_on, created_deals, created_amount, won_amount, lost_amount from mart.sales_daily order by 1",
        "select day_on, orders, amount from mart.order_daily order by 1",
        "select source, ticket_id, status, first_reply_minutes, full_resolution_minutes, public_replies, reopens,"
        " satisfaction from mart.ticket order by 1, 2",
        "select day_on, created_tickets, solved_tickets, good_ratings from mart.service_daily order by 1",
    ]
    told = [rows(company.warehouse, query) for query in figures]
    with company.warehouse.connect() as connection:
        # all tickets are of one topic, and theirs are its examples
        connection.execute(
            "insert into mart.ticket_topic select f.source, f.ticket_id, 'en', 'late', (f.requester_key = %s)::integer,"
            " 'run' from core.fct_ticket as f inner join mart.ticket as t using (source, ticket_id)",
            [person.user],
        )
        connection.execute(
            "insert into mart.service_topic (language, topic, known_to, words, is_new, model_run_id)"
            " select 'en', 'late', max(created_at)::date, '{late}', false, 'run' from mart.ticket"
        )
        connection.execute((SQL / "mart" / "service_topic.sql").read_bytes())
        # a trained model, in which a value of theirs alone and one of many have a share
        connection.execute(
            "insert into ops.identity_model (kind, records, model) select 'person', 90, json_build_object('terms',"
            " json_build_object('email_key', json_build_object(matching ->> 'email_key', 0.02),"
            " 'country', json_build_object('XX', 0.30)))"
            " from core.identity_record where record_id = 'sandbox_crm:' || %s",
            [person.contact],
        )
    before, customers = company.rows(), rows(company.warehouse, "select count(*) from mart.customer_360")[0][0]
    log = (company.state / "logs/scheduler.log").stat()
    of_topic = "select tickets + tickets_before, example_tickets from mart.service_topic"
    topic_before = rows(company.warehouse, of_topic)[0]
    leads = "select (select count(*) from core.fct_lead), (select count(*) from mart.lead)"
    assert rows(company.warehouse, leads) == [(1, 1)]
    erasure = company.forget()
    after = company.rows()
    assert company.places(*person.texts) == []
    assert rows(company.warehouse, leads) == [(0, 0)]
    alerts = "select state, recipient, subject, payload from ops.outbox where kind = 'alert'"
    assert rows(company.warehouse, alerts) == [
        ("cancelled", "lead@acme.example", "(forgotten)", {"text": "(forgotten)"})
    ]  # fmt: skip
    tickets = {f"sandbox_helpdesk:{key}" for (key,) in rows(
        company.warehouse, "select ticket_id from core.fct_ticket where requester_key = '(forgotten)'")}  # fmt: skip
    topic_after = rows(company.warehouse, of_topic)[0]
    assert tickets & set(topic_before[1]) and not tickets & set(topic_after[1])
    assert topic_after[0] < topic_before[0]
    assert [rows(company.warehouse, query) for query in figures] == told
    assert rows(company.warehouse, "select count(*) from mart.customer_360") == [(customers - 1,)]
    # what changed is what the proof says, row by row, and each row was about the person
    theirs = (*person.texts, *(key for (key,) in rows(
        company.warehouse, "select ticket_id from core.fct_ticket where requester_key = '(forgotten)'")))  # fmt: skip
    for table in before:
        gone = before[table] - after[table]
        if table.startswith(("raw.", "staging.")):
            assert sum(gone.values()) == erasure.tables.get(table, 0), table
            assert all(any(text.lower() in row.lower() for text in theirs) for row in gone), table
        elif not table.startswith(("mart.", "ops.")):
            assert not gone or table in erasure.tables, table
    (terms,) = rows(
        company.warehouse, "select model ->> 'terms' from ops.identity_model order by model_id desc limit 1"
    )
    assert json.loads(terms[0]) == {"email_key": {}, "country": {"XX": 0.3}}
    # a log that a process may be writing stays the file that it was
    now = (company.state / "logs/scheduler.log").stat()
    assert (now.st_ino, now.st_size) == (log.st_ino, log.st_size)
    assert not (company.state / "crawls/sandbox_site/people/1.jsonl").exists()


@pytest.mark.skipif(hyper.pantab is None, reason="there is no engine of Tableau's here: Linux on ARM")
def test_extracts_are_made_again_without_them(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = company.state / "extracts"
    made = {one.name: one for one in make_extracts(company.warehouse, folder=folder)}
    (folder / ".orders.part.hyper").write_bytes(b"of a process that died")
    (folder / "of_before.hyper").write_bytes(made["customers"].path.read_bytes())  # no extract of today's
    manifest = Manifest.of(made["customers"].path)
    assert manifest
    manifest.published = {"as": "replace", "through": None}
    manifest.write(made["customers"].path)

    def names() -> list[str]:
        return [name for one in made.values() for name in company.person.texts
                if name.lower() in str(hyper.run(one.path, 'select * from "Extract"."Extract"')).lower()]  # fmt: skip

    assert company.person.full_name in names() and company.person.email in names()
    before = company.files()
    planned = company.forget(dry_run=True)
    assert company.files() == before and planned.files["extracts/customers.hyper"] == 1
    # the process dies when the warehouse is freed and the files are not: the next call goes on from there
    with monkeypatch.context() as patched:
        patched.setattr(forgetting, "_finish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            company.forget()
    assert names()
    erasure = company.forget()
    assert erasure.finished and not list(folder.iterdir())
    again = {one.name: one for one in make_extracts(company.warehouse, folder=folder)}
    assert names() == [] and again["customers"].rows == made["customers"].rows - 1
    assert "data source customers of Tableau's: the next run of make_extracts takes the person out" in str(
        rows(company.warehouse, "select not_reached from ops.erasure")
    )


@pytest.mark.skipif(hyper.pantab is None, reason="there is no engine of Tableau's here: Linux on ARM")
def test_extracts_are_there_when_an_erasure_is_done(company: Company) -> None:
    folder = company.state / "extracts"
    (made,) = make_extracts(company.warehouse, ["customers"], folder=folder)
    erasure = company.forget()
    assert erasure.files["extracts/customers.hyper"] == 1 and not [
        one for one in erasure.not_reached if "extract" in one
    ]
    assert [path.name for path in sorted(folder.iterdir())] == ["customers.hyper", "customers.json"]
    told = hyper.run(made.path, 'select * from "Extract"."Extract"')
    assert len(told) == made.rows - 1 and company.person.email not in str(told)


def test_an_edition_that_named_them_says_that_it_was_changed(company: Company) -> None:
    named = [path for path in company.reports.rglob("*.html") if company.person.full_name in path.read_text()]
    assert named
    before = {path: json.loads(path.with_suffix(".json").read_text()) for path in named}
    untouched = {
        p: c for p, c in company.files().items() if "reports" in p and Path(p).with_suffix(".html") not in named
    }
    company.forget()
    # what cannot be freed of a name goes: it can be made again
    assert not [path for path in named if any(path.with_suffix(end).exists() for end in (".pdf", ".xlsx"))]
    for path, told in before.items():
        manifest = json.loads(path.with_suffix(".json").read_text())
        now = hashlib.sha256(path.read_bytes()).hexdigest()
        assert manifest["checksum"] == now != told["checksum"]
        (erased,) = manifest["erasures"]
        assert erased["checksum_before"] == told["checksum"] and erased["checksum_after"] == now
        assert erased["reason"] == "asked by letter" and erased["erased_at"]
        assert rows(
            company.warehouse, "select checksum, manifest ->> 'checksum' from ops.report_edition where path = %s",
            [str(path.relative_to(company.reports))],
        ) == [(now, now)]  # fmt: skip
    files = company.files()
    assert {path: files[path] for path in untouched} == untouched


def test_no_pull_and_no_replay_brings_them_back(company: Company, sandbox: Sandbox) -> None:
    company.forget()
    after = checksums(company.warehouse, ("raw", "staging", "core", "mart"))
    pull(company.warehouse, sandbox, WINDOW)
    for entity in ("contacts", "deals"):
        replay_source(company.warehouse, "sandbox_crm", entity, datetime.now(UTC))
    build(company.warehouse, [WINDOW.first_day, WINDOW.last_day], settle=True)
    settle_all(company.warehouse)
    again = checksums(company.warehouse, ("raw", "staging", "core", "mart"))
    assert {table: told for table, told in again.items() if told != after.get(table)} == {}
    assert company.places(*company.person.texts) == []
    (left_out,) = rows(
        company.warehouse,
        "select sum(forgotten), bool_and(forgotten <= unchanged) from ops.load where received is not null",
    )
    assert left_out[0] >= 2 and left_out[1]

    # what raw was pruned of, and a new version of everything, come as if for the first time
    with company.warehouse.connect() as connection:
        for table in ("raw.sandbox_helpdesk__tickets", "raw.sandbox_helpdesk__ticket_events", "raw.sandbox_crm__deals"):
            connection.execute(f"delete from {table} where payload::text like '%%(forgotten)%%'".encode())  # noqa: S608
    pull(company.warehouse, sandbox, LONGER)
    build(company.warehouse, [LONGER.first_day, LONGER.last_day], settle=True)
    assert company.places(*company.person.texts) == []
    assert rows(company.warehouse, "select count(*) from core.fct_deal where customer_key = '(forgotten)'") != [(0,)]


def test_their_address_on_a_new_record_is_left_out_too(company: Company) -> None:
    company.forget()
    source = load_source("sandbox_crm")
    record: dict = {"id": "999999999002", "archived": False, "properties": {
        "email": f" {company.person.email.upper()} ", "firstname": "New", "createdate": "2025-09-10T10:00:00Z",
        "lastmodifieddate": "2025-09-10T11:00:00Z"}}  # fmt: skip
    landed, staged = load(company.warehouse, Delivery("sandbox_crm", "contacts", WINDOW, (page(record),)))
    assert (landed.inserted, staged.validated) == (1, 0)
    assert rows(
        company.warehouse,
        "select received, inserted, unchanged, forgotten, validated, staged, quarantined from ops.load"
        " where load_id = %s",
        [landed.load_id],
    ) == [(1, 0, 1, 1, 0, 0, 0)]
    # from now on the record is known, whatever its address
    record["properties"] |= {"email": "other@example.com", "lastmodifieddate": "2025-09-10T12:00:00Z"}
    landed, _ = load(company.warehouse, Delivery("sandbox_crm", "contacts", WINDOW, (page(record),)))
    assert (landed.inserted, landed.unchanged, landed.forgotten) == (0, 1, 1)
    assert stage(company.warehouse, source, source.entities["contacts"], WINDOW).staged == 0


def test_a_dry_run_changes_nothing_and_says_the_same(company: Company) -> None:
    before, files = checksums(company.warehouse, SCHEMAS), company.files()
    told = company.forget(dry_run=True)
    assert checksums(company.warehouse, SCHEMAS) == before and company.files() == files
    done = company.forget()
    assert (told.tables, told.files) == (done.tables, done.files)
    (proof,) = rows(company.warehouse, "select tables, files, looked_for, asked_by, reason from ops.erasure")
    assert proof == (done.tables, done.files, None, "test", "asked by letter")
    assert not any(text.lower() in done.as_text().lower() for text in company.person.texts)


def test_again_there_is_nothing_to_do_and_a_stranger_is_unknown(company: Company) -> None:
    first = company.forget()
    before, files = checksums(company.warehouse, SCHEMAS), company.files()
    again = company.forget()
    assert (again.found, again.before) == (False, first.erasure_id)
    assert again.as_text() == f"Nothing to do: this person was forgotten already (erasure {first.erasure_id})."
    by_id = forget(
        company.warehouse, customer_ids=[company.person.customer_id], by="test", dry_run=False, state=company.state,
        reports=company.reports,
    )  # fmt: skip
    assert (by_id.found, by_id.before) == (False, first.erasure_id)
    assert checksums(company.warehouse, SCHEMAS) == before and company.files() == files
    with pytest.raises(ForgetError, match="Nobody is known"):
        forget(company.warehouse, emails=["nobody@example.com"], by="test", dry_run=False, state=company.state,
               reports=company.reports)  # fmt: skip
    two = rows(
        company.warehouse,
        "select l.customer_id, l.record_key from core.customer_link as l where l.source = 'sandbox_crm'"
        " order by l.customer_id limit 2",
    )
    with company.warehouse.connect() as connection:
        connection.execute(
            "update staging.customer set email = 'info@acme.example' where source_table = 'sandbox_crm__contacts'"
            " and source_id = any(%s)",
            [[key for _, key in two]],
        )
    before = checksums(company.warehouse, SCHEMAS)
    with pytest.raises(ForgetError, match=f"2 customers: {two[0][0]}, {two[1][0]}"):
        forget(company.warehouse, emails=["Info@Acme.example"], by="test", dry_run=False, state=company.state)
    agent = rows(company.warehouse, "select email from staging.customer where role = 'agent' limit 1")[0][0]
    with pytest.raises(ForgetError, match="somebody of ours"):
        forget(company.warehouse, emails=[agent], by="test", dry_run=False, state=company.state)
    assert checksums(company.warehouse, SCHEMAS) == before


def test_a_crash_before_the_files_are_done_is_finished_by_the_next_call(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def dies(*arguments, **named):
        calls.append(arguments)
        if named.get("dry_run"):
            return real(*arguments, **named)
        raise KeyboardInterrupt

    real = forgetting.free_files
    monkeypatch.setattr(forgetting, "free_files", dies)
    with pytest.raises(KeyboardInterrupt):
        company.forget()
    monkeypatch.undo()
    left = company.places(company.person.email)
    assert left and all("reports" in place or "logs" in place or "ops.erasure.looked_for" in place for place in left)
    finished = company.forget()
    assert finished.finished == [1] and not finished.found
    assert company.places(*company.person.texts) == []
    assert rows(company.warehouse, "select count(*) from ops.erasure where done_at is null") == [(0,)]

"""What changes in the shape of an entity's records: new fields, fields that are gone, fields of another type."""

import psycopg

from include.sources.shape import Shape
from include.warehouse.tables import EntityTables

# A field is gone when, by its share of the records so far, so many new ones since were to be expected to have it.
EXPECTED_BEFORE_GONE = 10

_SEEN = """
    create temp table seen on commit drop as
    select path, string_to_array(types, ',') as types, present
    from unnest(%s::text[], %s::text[], %s::bigint[]) as s (path, types, present)
"""

# An entity's first load is what the later ones are compared with: nothing of it is new.
_REPORT = """
    insert into ops.drift (source, entity, path, kind, types_before, types_now, load_id, window_start, window_end)
    select
        %(source)s, %(entity)s, c.path, c.kind, c.types_before, c.types_now, l.load_id, l.window_start, l.window_end
    from (
        select s.path, 'new' as kind, f.types as types_before, s.types as types_now
        from seen as s
        left join ops.source_field as f on f.source = %(source)s and f.entity = %(entity)s and f.path = s.path
        where f.path is null or f.is_gone
        union all
        select s.path, 'retyped', f.types, s.types
        from seen as s
        inner join ops.source_field as f on f.source = %(source)s and f.entity = %(entity)s and f.path = s.path
        where not f.is_gone and f.types <> '{}' and not s.types <@ f.types
        union all
        select f.path, 'gone', f.types, null
        from ops.source_field as f
        where
            f.source = %(source)s and f.entity = %(entity)s and not f.is_gone
            and not exists (select from seen as s where s.path = f.path)
            and (f.missed + %(inserted)s) * f.present >= %(expected)s * f.possible
    ) as c
    inner join ops.load as l on l.load_id = %(load_id)s
    where exists (select from ops.source_field as f where f.source = %(source)s and f.entity = %(entity)s)
    order by c.kind, c.path collate "C"
"""

_KEEP = """
    insert into ops.source_field as f (source, entity, path, types, first_load_id, last_load_id, present, possible)
    select %(source)s, %(entity)s, path, types, %(load_id)s, %(load_id)s, present, %(records)s from seen
    on conflict (source, entity, path) do update set
        types = array(select distinct unnest(f.types || excluded.types) order by 1),
        last_load_id = excluded.last_load_id,
        present = f.present + excluded.present,
        possible = f.possible + f.missed + excluded.possible,
        missed = 0,
        is_gone = false
"""

_MISS = """
    update ops.source_field as f set
        missed = f.missed + %(inserted)s,
        is_gone = f.is_gone
            or exists (select from ops.drift as d where d.load_id = %(load_id)s and d.kind = 'gone' and d.path = f.path)
    where f.source = %(source)s and f.entity = %(entity)s and not exists (select from seen as s where s.path = f.path)
"""


def note(connection: psycopg.Connection, tables: EntityTables, load_id: int, shape: Shape, inserted: int) -> None:
    """Compare the fields of a load's records with those of earlier ones; each change goes to ops.drift, once.

    :param connection: in the load's transaction, in which no other load of the entity is noted.
    :param inserted: how many of them raw did not have: to read the others again tells nothing of what is gone.
    """
    if not shape.records:
        return
    fields = [(path, ",".join(sorted(field.types)), field.present) for path, field in shape.fields.items()]
    connection.execute(_SEEN, [list(column) for column in zip(*fields, strict=True)] if fields else [[], [], []])
    told = {
        "source": tables.source, "entity": tables.entity, "load_id": load_id, "records": shape.records,
        "inserted": inserted, "expected": EXPECTED_BEFORE_GONE,
    }  # fmt: skip
    for statement in (_REPORT, _KEEP, _MISS):
        connection.execute(statement.encode(), told)

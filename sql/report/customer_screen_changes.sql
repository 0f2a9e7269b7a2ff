-- one row per record that came to a customer or left them, the latest first
select
    c.change_id,
    c.changed_at,
    c.change,
    c.canonical_id,
    c.other_id,
    c.record_id,
    c.reason,
    count(*) over () as changes
from core.customer_change as c
where
    c.kind = 'person'
    and (
        c.other_id = %(customer_id)s
        or c.record_id in (
            select l.record_id
            from core.customer_link as l
            where l.customer_id = %(customer_id)s
        )
    )
order by c.change_id desc
limit %(most)s;

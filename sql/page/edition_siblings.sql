-- one row per edition of the window and subject of an edition, that one included, the latest made first
select
    e.edition_id,
    e.language,
    e.sources,
    e.path,
    e.checksum,
    e.rendered_at
from ops.report_edition as o
inner join ops.report_edition as e
    on
        o.subject = e.subject
        and o.window_start = e.window_start
        and o.window_end = e.window_end
where o.edition_id = %(edition_id)s
order by e.rendered_at desc, e.edition_id desc
limit 100;

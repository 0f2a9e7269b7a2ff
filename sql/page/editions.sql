-- one row per edition of a report, those of the latest window first; the ones after an edition, when that is given
select
    e.edition_id,
    e.subject,
    e.language,
    e.window_start,
    e.window_end,
    e.sources,
    e.path,
    e.checksum,
    e.rendered_at
from ops.report_edition as e
where
    (%(subject)s = '' or e.subject = %(subject)s)
    and (%(language)s = '' or e.language = %(language)s)
    and (%(window_end)s::timestamptz is null or e.window_start < %(window_end)s)
    and (%(window_start)s::timestamptz is null or e.window_end > %(window_start)s)
    and (
        %(after)s::bigint is null
        or (e.window_end, e.window_start, e.subject, e.language, e.edition_id) < (
            select
                a.window_end,
                a.window_start,
                a.subject,
                a.language,
                a.edition_id
            from ops.report_edition as a
            where a.edition_id = %(after)s
        )
    )
order by e.window_end desc, e.window_start desc, e.subject desc, e.language desc, e.edition_id desc
limit %(most)s;

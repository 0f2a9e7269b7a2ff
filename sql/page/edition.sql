-- one row: an edition of a report
select
    edition_id,
    subject,
    language,
    window_start,
    window_end,
    sources,
    path,
    checksum,
    rendered_at
from ops.report_edition
where edition_id = %(edition_id)s;

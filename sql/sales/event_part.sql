-- what happened in sales, once for each part of the sales that it belongs to
create temp view event_part as
select
    e.series,
    e.at,
    p.dimension,
    p.member,
    e.figure
from mart.sales_event as e
cross join
    lateral (
        values ('team', e.team), ('rep', e.rep_name), ('product', e.product_name), ('source', e.lead_source)
    ) as p (dimension, member);

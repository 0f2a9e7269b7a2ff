-- what figures by rep and by product are told under, before the build
create temp table rep_before on commit drop as
select
    rep_id,
    full_name,
    team,
    manager,
    region
from core.dim_rep
where is_current;

create temp table product_before on commit drop as
select
    source,
    match_key,
    min(name) as name
from core.dim_product
group by source, match_key;

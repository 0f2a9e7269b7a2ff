-- one row: customers with a deal, a won deal, a ticket, an order before the window's end
select
    (
        select count(distinct d.customer_id)
        from mart.deal as d
        where d.source = any(%(sources)s) and d.created_at < %(window_end)s
    ) as with_deals,
    (
        select count(distinct d.customer_id)
        from mart.deal as d
        where d.source = any(%(sources)s) and d.status = 'won' and d.closed_at < %(window_end)s
    ) as with_won_deals,
    (
        select count(distinct t.customer_id)
        from mart.ticket as t
        where t.source = any(%(sources)s) and t.created_at < %(window_end)s
    ) as with_tickets,
    (
        select count(distinct o.customer_id)
        from mart.customer_order as o
        where o.source = any(%(sources)s) and o.ordered_at < %(window_end)s
    ) as with_orders;

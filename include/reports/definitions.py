"""What each figure means, each defined once: shown on hover and in the list at the page's end."""

from include.reports.language import N_, _

TERMS: dict[str, tuple[str, str]] = {
    # sales
    "won": (N_("Won"), N_("Deals closed as won in the window, by close date; won amount is the sum of their amounts.")),
    "lost": (N_("Lost"), N_("Deals closed and not won in the window, by close date.")),
    "created": (N_("Created deals"), N_("Deals made in the window, by creation date.")),
    "win_rate": (N_("Win rate (count)"), N_("Won ÷ (won + lost), deals closed in the window.")),
    "win_rate_amount": (
        N_("Win rate (amount)"),
        N_("Won amount ÷ (won + lost amount), deals closed in the window; a deal without an amount counts as 0."),
    ),
    "sales_cycle": (
        N_("Sales cycle"),
        N_(
            "Days from created to closed of the deals won in the window: mean and median. Deals whose creation the "
            "source does not tell are left out."
        ),
    ),
    "deal_size": (N_("Average deal size"), N_("Mean amount of the deals won in the window that have an amount.")),
    "velocity": (
        N_("Sales velocity"),
        N_(
            "Open deals × win rate (count) × average deal size ÷ mean sales cycle in days: money a day, of the deals "
            "in the currency shown."
        ),
    ),
    "open_deals": (
        N_("Open deals"),
        N_("Deals made before the window’s end and not closed before it. A deal that closed later is open here."),
    ),
    "known_deals": (N_("Deals known"), N_("All deals made or closed before the window’s end.")),
    "pipeline": (N_("Pipeline"), N_("Sum of the amounts of the open deals; a deal without an amount adds nothing.")),
    "weighted_pipeline": (
        N_("Weighted pipeline"),
        N_(
            "Sum of amount × probability of the stage that the deal was in at the window’s end (a probability of 40 is "
            "0.40)."
        ),
    ),
    "stage": (
        N_("Stage"),
        N_(
            "The stage of the visit under way at the window’s end, or the first one known when none was. A deal that "
            "was first seen closed has no known open stage."
        ),
    ),
    "conversion": (
        N_("Stage conversion"),
        N_(
            "Of the deals that entered the stage in the 365 days up to the window’s end (in the window when that is "
            "longer), the share that later reached any stage after it or was won. A skipped stage counts as passed. "
            "Open deals that entered it less than the stage’s median stay ago are left out of both."
        ),
    ),
    "time_in_stage": (
        N_("Time in stage"),
        N_("Median and 90th percentile of the days of the visits that ended in the same 365 days."),
    ),
    "standard_path": (
        N_("Standard path"),
        N_(
            "Deals closed in the 365 days up to the window’s end (in the window when that is longer) that skipped no "
            "stage, came to none again and went back to none ÷ all that closed. Stages before the first one count as "
            "skipped where the source tells its moves."
        ),
    ),
    "moves": (
        N_("Moves between stages"),
        N_(
            "Deals that went directly from one standard stage of the process to the other in the same 365 days; a deal "
            "counts once for each pair of stages."
        ),
    ),
    "slippage": (
        N_("Slippage"),
        N_(
            "Deals whose close date had moved past the period’s end while they were open ÷ deals that were expected to "
            "close in it, at its start or later in it. Days moved: from their last close date in it to the one at its "
            "end."
        ),
    ),
    "coverage": (
        N_("Coverage"),
        N_(
            "Amount of the open deals expected to close in the period ÷ what is missing to the target at the window’s "
            "end."
        ),
    ),
    "target": (
        N_("Target"),
        N_("Amount to win, from include/config/targets.csv; of a quarter, the sum of its months."),
    ),
    "reminder": (
        N_("Reminder"),
        N_(
            "A rule and a deal that it applies to, from the day’s end at which it first applied until the deal closed "
            "or moved or the reason was gone. Sent: in a message to the rep; in doubt: in one that may not have gone "
            "out."
        ),
    ),
    "forecast": (
        N_("Forecast"),
        N_(
            "Won amount of each month to come, from weekly forecasts made after the last week that was over; the mean "
            "of several methods, or one that did far better in a rolling backtest. 80 and 95 % intervals are made of "
            "the errors there."
        ),
    ),
    "forecast_accuracy": (
        N_("How forecasts turned out"),
        N_("Every forecast is kept as it was made; of months that are over, expected against actual, by months ahead."),
    ),
    "win_probability": (
        N_("Chance"),
        N_("The chance that an open deal is won in the end, by a model of how deals in its state went on."),
    ),
    "conversion_probability": (
        N_("Chance of a lead"),
        N_(
            "The chance that an open lead is converted within 180 days of its creation, by a model of how leads in its "
            "state went on."
        ),
    ),
    "lead_stage_rate": (
        N_("Stage’s rate"),
        N_("Share of the leads that were open in the stage which were converted within 180 days of their creation."),
    ),
    "stage_rate": (N_("Stage’s rate"), N_("Share of the deals that were open in the stage which were won in the end.")),
    "anomaly": (
        N_("Unusual"),
        N_(
            "A figure out of the range that trend, weekday, holidays and period ends of the year before it let expect; "
            "three of a thousand ordinary figures lie beyond each end."
        ),
    ),
    "sales_cluster": (
        N_("Group"),
        N_(
            "Accounts, and open deals, that behave alike, named by what sets them apart; found once a month. Moved "
            "here: that were in another group a month before."
        ),
    ),
    "product": (N_("Product"), N_("Named as in the product list where that has it, else as the deal gives it.")),
    # service
    "topic": (
        N_("Topic"),
        N_(
            "What tickets are about, by the words of their first message; found once a month for each language, and "
            "named by the words that set them apart most. Tickets: those created in the 28 days up to the window’s "
            "end, of all sources. New: nearly all of its tickets of the year came in the month that it was found in."
        ),
    ),
    "topic_growth": (N_("Growth"), N_("Tickets of the 28 days ÷ those of the 28 before − 1.")),
    "topic_breached": (
        N_("With a broken promise"),
        N_("Of the topic’s tickets with a promise that was kept or broken, the share with one that was broken."),
    ),
    "way": (
        N_("Way"),
        N_(
            "Tickets that went alike, by their times on both clocks, replies, handoffs and reopens, named by what sets "
            "them apart; found once a month. Tickets: those solved in the 90 days up to the window’s end, of all "
            "sources."
        ),
    ),
    "way_work": (N_("To work on"), N_("Business minutes in which a ticket was new or open: an agent’s to work on.")),
    "service_forecast": (
        N_("Foretold tickets"),
        N_(
            "Tickets that will be created, of all sources: by day from trend, weekday, public holidays and the level "
            "of the last weeks, by hour from each hour’s share of its weekday. Made once a week. Intervals are as wide "
            "as forecasts of the past had to be."
        ),
    ),
    "explained_by": (
        N_("Explained by"),
        N_(
            "The topics, tags, channels and groups that had a larger part of the deviation than of the tickets of the "
            "eight weeks before, each with its share of the deviation."
        ),
    ),
    "created_tickets": (N_("Created tickets"), N_("Tickets opened in the window.")),
    "solved_tickets": (
        N_("Solved tickets"),
        N_(
            "Tickets whose last move to solved (to closed, where never solved) before the window’s end lies in the "
            "window."
        ),
    ),
    "first_replies": (
        N_("First replies"),
        N_(
            "Tickets whose first public comment by an agent lies in the window (the second one, on a ticket that an "
            "agent opened)."
        ),
    ),
    "backlog": (N_("Backlog"), N_("Tickets that were not at an end (solved, closed or deleted) at the window’s end.")),
    "unreplied": (
        N_("Without a first reply"),
        N_(
            "Tickets in the backlog that no agent had publicly answered by the window’s end. They have no reply time, "
            "so they are in no median."
        ),
    ),
    "reopen_rate": (
        N_("Reopen rate"),
        N_("Tickets solved in the window that had been solved more than once ÷ tickets solved in the window."),
    ),
    "first_reply_time": (
        N_("First reply time"),
        N_(
            "Created to first reply of the tickets first replied to in the window, in calendar time: median, and the "
            "90th percentile, within which nine of ten were answered."
        ),
    ),
    "first_reply_business": (
        N_("First reply time, business hours"),
        N_("The same, counting only the time in which the schedule that the ticket was counted by then was open."),
    ),
    "full_resolution": (
        N_("Full resolution time"),
        N_("Created to last solved of the tickets solved in the window, in calendar time: median and 90th percentile."),
    ),
    "one_touch": (
        N_("One-touch share"),
        N_(
            "Solved tickets with exactly one public comment by an agent up to the window’s end ÷ all tickets solved in "
            "the window."
        ),
    ),
    "sla_measure": (
        N_("Promise"),
        N_(
            "What the service level policy that fits a ticket promises: a first reply; a reply to each new run of the "
            "customer’s comments (next reply); how long the customer may wait in all, and agents work on it."
        ),
    ),
    "sla_attainment": (
        N_("Attainment"),
        N_(
            "Promises kept ÷ (kept + broken), each counted in the window in which it was decided: by the reply or the "
            "solving, or at the instant at which its clock passed the target."
        ),
    ),
    "sla_left": (
        N_("Time left"),
        N_("Minutes to the target on the promise’s own clock, business or calendar, as of the window’s end."),
    ),
    "csat": (
        N_("CSAT"),
        N_(
            "Good ÷ (good + bad) of the tickets rated in the window, each by its last rating; offered and unrated ones "
            "are left out. n is good + bad."
        ),
    ),
    "handoffs": (
        N_("Handoffs"),
        N_("Times in the window that a ticket went from one assignee to another, and from one group to another."),
    ),
    "agent": (N_("Agent"), N_("The ticket’s assignee as the help desk tells it now.")),
    # customers
    "known_customers": (
        N_("Customers known"),
        N_(
            "Customers first seen before the window’s end in one of the report’s sources; records of one person in "
            "several sources are one customer."
        ),
    ),
    "new_customers": (N_("New customers"), N_("Customers first seen in the window.")),
    "with_orders": (N_("Customers with orders"), N_("Customers with an order before the window’s end.")),
    "ordering_customers": (N_("Ordering customers"), N_("Customers with an order in the window.")),
    "orders": (
        N_("Orders"),
        N_("Orders in the window, whoever gave them; a return that is an order of its own counts."),
    ),
    "revenue": (N_("Revenue"), N_("Sum of the amounts of the window’s orders, returns taken off.")),
    "bought_ever": (
        N_("Bought ever"),
        N_("Sum of the amounts of the customer’s orders before the window’s end, returns taken off."),
    ),
    "order_value": (N_("Average order value"), N_("Revenue ÷ orders.")),
    "several_sources": (
        N_("In several sources"),
        N_("Customers known at the window’s end that are in more than one source, by the links as they are now."),
    ),
    "completeness": (
        N_("Completeness"),
        N_(
            "Share of name, e-mail, telephone, company, country and language that is filled, as known at the window’s "
            "end, mean over the customers."
        ),
    ),
    "field_completeness": (
        N_("Completeness of a field"),
        N_(
            "Records whose value of the field is filled and valid ÷ records of the source, at the day’s end. Deleted "
            "records and people who work for us are left out; a field counts from the day on which the source first "
            "filled it."
        ),
    ),
    "filled": (N_("Filled"), N_("Records in which the field is not empty.")),
    "valid": (N_("Valid"), N_("Of these, records in which cleaning found the value usable.")),
    "distinct_values": (N_("Distinct"), N_("Different clean values among the valid ones.")),
    "changed_values": (
        N_("Changed"),
        N_(
            "Records in which the value was another one at the end of a day than at the end of the day before, came or "
            "went; summed over the window’s days."
        ),
    ),
    "country": (N_("Country"), N_("The customer’s country as the source gives it, at the window’s end.")),
    "cohort": (
        N_("Ordered again"),
        N_(
            "Of the customers whose first order lies in the month, the share who ordered in a later month, by the "
            "months between."
        ),
    ),
    "rfm": (
        N_("RFM score"),
        N_(
            "Customers who bought before the window’s end, in quintiles 1 (low) to 5 of each: recency, days since the "
            "last purchase; frequency, days with a purchase; monetary, mean value of such a day. Equal customers are "
            "in one quintile; money is compared among the customers of one currency, the one that each buys in on most "
            "days. A day that only took things back is no purchase."
        ),
    ),
    "migration": (
        N_("Moves between segments"),
        N_(
            "Customers by their RFM segment at the end of the month before and at the end of the month, each as of "
            "then, over all sources."
        ),
    ),
    "p_alive": (
        N_("P(alive)"),
        N_(
            "Probability that the customer still buys, by the BG/NBD model of how often, how long and how lately they "
            "bought. Of who bought once it is 100 %: in this model customers leave after a repeat purchase. Over all "
            "sources."
        ),
    ),
    "expected_purchases": (
        N_("Purchases ahead"),
        N_("Days with a purchase to expect of the customer within the horizon, by the same model."),
    ),
    "expected_spend": (
        N_("Spend each"),
        N_("Mean amount to expect of such a day, by the Gamma-Gamma model of the repeat purchases in the currency."),
    ),
    "lifetime_value": (
        N_("Lifetime value"),
        N_(
            "Purchases ahead × spend × margin, each month discounted by its end; horizon, discount rate and margin are "
            "those of include/config/value.yaml. The interval is that of the estimate, from the uncertainty of the "
            "models’ parameters: what a single customer will do varies far more."
        ),
    ),
    "cluster": (
        N_("Group"),
        N_(
            "Customers who are alike in days since the last purchase, purchases, mean amount beside that of their "
            "currency, time as a customer, and tickets: k-means, as many groups as fit best and come out again when "
            "customers are drawn anew, named by what sets them apart. Over all sources."
        ),
    ),
    "drift": (
        N_("Came and went"),
        N_(
            "Customers whose group at the window’s end is not that of the same day of the month before, both by the "
            "same groups: those of the last month that was over."
        ),
    ),
    "segment": (N_("Segment"), N_("Named by the recency and frequency scores, as the table of segments says.")),
}


def term(key: str) -> tuple[str, str]:
    """The name of a figure and what it means, in the language that is spoken."""
    name, meaning = TERMS[key]
    return _(name), _(meaning)

"""Zendesk: tickets as the incremental export gives them, a snapshot each time one changes.

Who asked, who answered and what they wrote is not taken over; a rating's comment is.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Paging, Rule, Source, Table

_TICKETS = """
    select
        _row, _raw,
        doc ->> '$.id' as ticket_id,
        doc ->> '$.url' as url,
        doc ->> '$.status' as status,
        doc ->> '$.priority' as priority,
        doc -> '$.tags' as tags,
        coalesce(doc ->> '$.satisfaction_rating.score', 'unoffered') as rating_score,
        nullif(doc ->> '$.satisfaction_rating.comment', '') as rating_comment,
        doc ->> '$.created_at' as created_at,
        doc ->> '$.updated_at' as updated_at,
        doc ->> '$.generated_timestamp' as generated_at
    from rows
"""

SOURCE = Source(
    name="zendesk",
    title="Zendesk",
    description="Support tickets: pages of the incremental export, or a ticket a line, as JSON.",
    owner="product-analytics",
    glob=("zendesk/**/*",),
    tables=(
        Table(
            name="tickets",
            description="One row per delivered snapshot of a ticket; the newest one holds.",
            columns=(
                Column("ticket_id", "VARCHAR", "Zendesk's number of the ticket.", required=True),
                Column("url", "VARCHAR", "Where the API finds it."),
                Column("status", "VARCHAR", "new, open, pending, hold, solved, closed or deleted.", required=True),
                Column("priority", "VARCHAR", "low, normal, high or urgent; null where nobody gave it one."),
                Column("tags", "JSON", "Its tags; options of custom fields are tags too."),
                Column("rating_score", "VARCHAR", "unoffered, offered, good or bad (also good_with_comment, …)."),
                Column("rating_comment", "VARCHAR", "What the requester wrote beside the rating."),
                Column("created_at", "TIMESTAMP", "When it was opened.", required=True),
                Column("updated_at", "TIMESTAMP", "Its last ticket event; the system's own updates leave it."),
                Column("generated_at", "TIMESTAMP", "Its last update of any kind, by `generated_timestamp`."),
            ),
            key=("ticket_id", "updated_at", "status"),
            day="created_at",
            touched=("updated_at", "generated_at"),
            rules=(
                Rule(
                    "try_cast(ticket_id as bigint) is not null", "id is no number that Zendesk gives", "ticket_id[:40]"
                ),
                Rule(
                    "status in ('new', 'open', 'pending', 'hold', 'solved', 'closed', 'deleted')",
                    "status is not one Zendesk has",
                ),
                Rule(
                    "rating_score in ('unoffered', 'offered') or regexp_matches(rating_score, '^(good|bad)(_|$)')",
                    "the satisfaction rating is not one Zendesk has",
                    "rating_score",
                ),
            ),
        ),
    ),
    formats=(
        Format(
            name="Zendesk tickets",
            container="json",
            records=("$.tickets",),
            # The incremental export, then lists by cursor and by offset.
            paging=Paging(
                is_last="""coalesce(
                    try_cast(page ->> '$.end_of_stream' as boolean),
                    not try_cast(page ->> '$.meta.has_more' as boolean),
                    case when json_exists(page, '$.next_page') then page ->> '$.next_page' is null end
                )"""
            ),
            requires=("$.id", "$.created_at", "$.status", "$.tags"),
            select={"tickets": _TICKETS},
        ),
    ),
    # A ticket is rated, merged or deleted long after it was opened.
    late=timedelta(days=28),
    role="tickets",
    identifiers=("ticket_tag",),
    names=(Names("tickets", "ticket_tag", "from_json(tags, '[\"VARCHAR\"]')", is_list=True),),
)

"""Segment: the calls its libraries send (track, page, screen, identify, alias, group), a JSON document a line.

The same shape comes from RudderStack and Jitsu. Who an event belongs to in the end, and which calls are the
same one delivered twice, is decided in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.people import person
from pipelines.sources.spec import Column, Expectation, Format, Names, Rule, Source, Table

_CALLED_AT = """coalesce(
        doc ->> '$.timestamp',
        try(cast(
            cast(try_cast(doc ->> '$.receivedAt' as timestamptz) as timestamp)
            - (
                cast(try_cast(doc ->> '$.sentAt' as timestamptz) as timestamp)
                - cast(try_cast(doc ->> '$.originalTimestamp' as timestamptz) as timestamp)
            ) as varchar
        )),
        doc ->> '$.originalTimestamp',
        doc ->> '$.receivedAt'
    )"""
"""Segment's `timestamp` is the call's time freed of the device clock's error: received − (sent − original).
Where an archive lacks it, the same sum is done here."""

_COMMON = f"""
    {_CALLED_AT} as event_at,
    doc ->> '$.originalTimestamp' as original_at,
    doc ->> '$.receivedAt' as received_at,
    nullif(doc ->> '$.messageId', '') as message_id,
    {person("doc ->> '$.userId'")} as user_id,
    {person("doc ->> '$.anonymousId'")} as anonymous_id"""

_EVENTS = f"""
select
    doc ->> '$.type' as call_type,
    case
        when doc ->> '$.type' = 'track' then nullif(doc ->> '$.event', '')
        else coalesce(nullif(doc ->> '$.name', ''), doc ->> '$.type')
    end as event_name,{_COMMON},
    doc -> '$.properties' as properties,
    doc -> '$.context.traits' as traits,
    _row,
    _raw
from rows
where coalesce(doc ->> '$.type', '') not in ('identify', 'alias')
"""

_IDENTIFIES = f"""
select
    doc ->> '$.type' as call_type,{_COMMON},
    {person("doc ->> '$.previousId'")} as previous_id,
    coalesce(doc -> '$.traits', doc -> '$.context.traits') as traits,
    _row,
    _raw
from rows
where doc ->> '$.type' in ('identify', 'alias')
"""

_COMMON_COLUMNS = (
    Column(
        "event_at",
        "TIMESTAMP",
        "When it happened (`timestamp`): the device's time corrected by Segment for the error of its clock.",
        required=True,
    ),
    Column(
        "original_at",
        "TIMESTAMP",
        "When it happened by the device's own clock (`originalTimestamp`).",
        incidental=True,
    ),
    Column("received_at", "TIMESTAMP", "When Segment took it in (`receivedAt`).", incidental=True),
    Column("message_id", "VARCHAR", "Identifies the call (`messageId`)."),
    Column("user_id", "VARCHAR", "The known user (`userId`); null before log-in."),
    Column("anonymous_id", "VARCHAR", "The browser or app installation (`anonymousId`)."),
)

_CLOCK = Rule(
    "event_at <= received_at + interval 1 day",
    "event time lies more than a day after Segment took it in",
)

SOURCE = Source(
    name="segment",
    title="Segment",
    description="Product analytics calls archived by Segment, or in its form (JSONL).",
    owner="product-analytics",
    glob=("segment/**/*.json*", "segment/**/*.ndjson*", "segment/**/*.gz"),
    tables=(
        Table(
            name="events",
            description="One row per track, page, screen or group call as delivered; a call delivered twice "
            "is two rows.",
            columns=(
                Column("call_type", "VARCHAR", "`track`, `page`, `screen` or `group`.", required=True),
                Column(
                    "event_name",
                    "VARCHAR",
                    "The event of a track call; of a page or screen its name, or else the call's type.",
                    required=True,
                ),
                *_COMMON_COLUMNS,
                Column("properties", "JSON", "Properties of the event."),
                Column("traits", "JSON", "What the call's context says of the user (`context.traits`)."),
            ),
            key=("message_id",),
            day="event_at",
            rules=(_CLOCK,),
            expectations=(
                Expectation(
                    "calls that name a user or device",
                    "avg(case when coalesce(user_id, anonymous_id) is null then 0.0 else 1.0 end)",
                    "more than half of the calls carry neither `userId` nor `anonymousId`",
                    low=0.5,
                    share_of="count(*)",
                ),
            ),
        ),
        Table(
            name="identifies",
            description="One row per identify or alias call as delivered.",
            columns=(
                Column("call_type", "VARCHAR", "`identify` or `alias`.", required=True),
                *_COMMON_COLUMNS,
                Column(
                    "previous_id",
                    "VARCHAR",
                    "On an alias call: the anonymous or former id that `user_id` replaces.",
                ),
                Column("traits", "JSON", "What the call says of the user."),
            ),
            key=("message_id",),
            day="event_at",
            rules=(_CLOCK,),
        ),
    ),
    formats=(
        Format(
            name="segment_calls",
            container="json",
            requires=("$.type", "$.messageId"),
            select={"events": _EVENTS, "identifies": _IDENTIFIES},
        ),
    ),
    late=timedelta(days=5),
    role="usage",
    names=(Names("events", "event", "case when call_type <> 'group' then event_name end"),),
)

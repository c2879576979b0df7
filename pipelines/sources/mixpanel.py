"""Mixpanel: events as its raw export API and its raw data pipelines write them, a JSON document a line.

Who an event belongs to in the end, and which events are the same one delivered twice, is decided in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.people import person
from pipelines.sources.spec import Column, Expectation, Format, Names, Rule, Source, Table

_EPOCH = """case
        when try_cast({value} as double) is null then {value}
        when abs(try_cast({value} as double)) < 1e11
            then cast(make_timestamp(cast(try_cast({value} as decimal(38, 6)) * 1000000 as bigint)) as varchar)
        when abs(try_cast({value} as double)) < 1e14
            then cast(make_timestamp(cast(try_cast({value} as decimal(38, 3)) * 1000 as bigint)) as varchar)
        else {value} || ' (neither seconds nor milliseconds since 1970)'
    end"""
"""Epoch seconds or milliseconds as an instant. As seconds 1e11 is the year 5138, as milliseconds 1973: no
export is ambiguous. What is no number, or too large a one, passes through, so that it is quarantined with its text."""


def _property(name: str) -> str:
    return f"""nullif(doc ->> '$.properties."{name}"', '')"""


_EVENTS = f"""
select
    nullif(doc ->> '$.event', '') as event_name,
    {_EPOCH.format(value="doc ->> '$.properties.time'")} as event_at,
    {person(_property("$insert_id"))} as insert_id,
    {person(_property("distinct_id"))} as distinct_id,
    {person(_property("$device_id"))} as device_id,
    {person(_property("$user_id"))} as user_id,
    {person(_property("$distinct_id_before_identity"))} as former_id,
    {person(_property("alias"))} as alias_id,
    {person(_property("$anon_id"))} as anonymous_id,
    {person(_property("$identified_id"))} as identified_id,
    {_EPOCH.format(value="doc ->> '$.properties.mp_processing_time_ms'")} as processed_at,
    doc -> '$.properties' as properties,
    _row,
    _raw
from rows
"""

# A list, or the text of one.
_MERGED_IDS = """json_extract_string(
            case
                when json_type(doc, '$.properties."$distinct_ids"') = 'VARCHAR'
                    then try_cast(doc ->> '$.properties."$distinct_ids"' as json)
                else doc -> '$.properties."$distinct_ids"'
            end, '$[*]'
        )"""

_MERGES = f"""
with
merge_events as (
    select
        _row,
        _raw,
        doc ->> '$.event' as event_name,
        {_EPOCH.format(value="doc ->> '$.properties.time'")} as merged_at,
        {person(_property("distinct_id"))} as distinct_id,
        {person(_property("$device_id"))} as device_id,
        {person(_property("$distinct_id_before_identity"))} as former_id,
        {person(_property("alias"))} as alias_id,
        {person(_property("$anon_id"))} as anonymous_id,
        coalesce(
            {person(_property("$identified_id"))}, {person(_property("$user_id"))}, {person(_property("distinct_id"))}
        ) as identified_id,
        {_MERGED_IDS} as merged_ids
    from rows
),
merged as (
    select _row, _raw, merged_at, {person("id")} as id
    from (select _row, _raw, merged_at, unnest(merged_ids) as id from merge_events where event_name = '$merge')
),
pairs as (
    -- Ids merged with one another: one of them represents all, a user's if there is one.
    select
        _row, _raw, merged_at, id as from_id, false as is_identify,
        coalesce(
            min(case when id not like '$device:%' then id end) over (partition by _row),
            min(id) over (partition by _row)
        ) as to_id
    from merged
    union all
    select _row, _raw, merged_at, distinct_id, false, alias_id from merge_events where event_name = '$create_alias'
    union all
    select _row, _raw, merged_at, anonymous_id, true, identified_id from merge_events where event_name = '$identify'
    union all
    -- What Mixpanel has resolved already. Devices are known by the events themselves.
    select _row, _raw, merged_at, former_id, false, distinct_id from merge_events
    where
        event_name not in ('$merge', '$create_alias', '$identify') and former_id is distinct from device_id
        and former_id not like '$device:%' and distinct_id not like '$device:%'
)
select _row, _raw, from_id, to_id, merged_at, is_identify from pairs where from_id <> to_id
"""

SOURCE = Source(
    name="mixpanel",
    title="Mixpanel",
    description="Product analytics events exported from Mixpanel (`/api/2.0/export`, JSONL).",
    owner="product-analytics",
    glob=("mixpanel/**/*.json*", "mixpanel/**/*.ndjson*"),
    tables=(
        Table(
            name="events",
            description="One row per event as delivered; an event delivered twice is two rows.",
            columns=(
                Column("event_name", "VARCHAR", "Name of the event (`event`).", required=True),
                Column(
                    "event_at",
                    "TIMESTAMP",
                    "When it happened (`time`, epoch seconds or milliseconds). Projects created before "
                    "2023 export it in their own zone: set the project to UTC before exporting.",
                    required=True,
                ),
                Column(
                    "insert_id",
                    "VARCHAR",
                    "Identifies the event (`$insert_id`); null on events of older libraries.",
                ),
                Column(
                    "distinct_id",
                    "VARCHAR",
                    "Whom Mixpanel took it for: a user's id, or `$device:<device_id>` before log-in.",
                ),
                Column("device_id", "VARCHAR", "The browser or app installation (`$device_id`)."),
                Column("user_id", "VARCHAR", "The known user (`$user_id`); null before log-in."),
                Column(
                    "former_id",
                    "VARCHAR",
                    "The `distinct_id` it was sent with, where Mixpanel has since merged that into another "
                    "(`$distinct_id_before_identity`).",
                ),
                Column("alias_id", "VARCHAR", "On `$create_alias`: the new name of `distinct_id` (`alias`)."),
                Column("anonymous_id", "VARCHAR", "On `$identify`: the browser's id before log-in (`$anon_id`)."),
                Column("identified_id", "VARCHAR", "On `$identify`: the user it is found to be (`$identified_id`)."),
                Column(
                    "processed_at",
                    "TIMESTAMP",
                    "When Mixpanel took it in (`mp_processing_time_ms`).",
                    incidental=True,
                ),
                Column("properties", "JSON", "All properties, super properties among them."),
            ),
            key=("event_name", "distinct_id", "event_at", "insert_id"),
            day="event_at",
            rules=(
                Rule(
                    "event_at <= processed_at + interval 1 day",
                    "event time lies more than a day after Mixpanel took it in: the device's clock is ahead",
                ),
                Rule(
                    "event_at >= timestamp '2009-01-01 00:00:00'",
                    "event time lies before Mixpanel existed (2009): the device's clock was never set",
                ),
            ),
            expectations=(
                Expectation(
                    "events that name a user or device",
                    "avg(case when coalesce(user_id, device_id, distinct_id) is null then 0.0 else 1.0 end)",
                    "more than half of the events carry no id of a user or device: the export lost its properties",
                    low=0.5,
                    share_of="count(*)",
                ),
            ),
        ),
        Table(
            name="merges",
            description="One row per pair of ids that an event says are one person's: those of a `$merge`, a "
            "`$create_alias` or an `$identify`, and the one an event was sent with beside the one it was merged into.",
            columns=(
                Column("from_id", "VARCHAR", "The id that is another's too.", required=True),
                Column("to_id", "VARCHAR", "The id that represents both.", required=True),
                Column("merged_at", "TIMESTAMP", "When it was said (`time`).", required=True),
                Column(
                    "is_identify",
                    "BOOLEAN",
                    "Whether `from_id` is the anonymous id of an `$identify`: a browser's, which may be several users' "
                    "in turn.",
                    required=True,
                ),
            ),
            key=("from_id", "to_id", "merged_at"),
            day="merged_at",
        ),
    ),
    formats=(
        Format(
            name="mixpanel_export",
            container="json",
            requires=("$.event", "$.properties.time"),
            select={"events": _EVENTS, "merges": _MERGES},
        ),
    ),
    late=timedelta(days=5),
    # What begins with a dollar sign is Mixpanel's own: merges, page views, sessions.
    role="usage",
    names=(Names("events", "event", "case when not starts_with(event_name, '$') then event_name end"),),
)

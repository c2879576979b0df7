"""Mixpanel: events as its raw export API and its raw data pipelines write them, a JSON document a line.

Who an event belongs to in the end, and which events are the same one delivered twice, is decided in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Expectation, Format, Names, Rule, Source, Table

_EPOCH = """case
        when try_cast({value} as double) is null then {value}
        when abs(cast({value} as double)) >= 1e11
            then cast(make_timestamp(cast(cast({value} as decimal(38, 3)) * 1000 as bigint)) as varchar)
        else cast(make_timestamp(cast(cast({value} as decimal(38, 6)) * 1000000 as bigint)) as varchar)
    end"""
"""Epoch seconds or milliseconds as an instant. As seconds 1e11 is the year 5138, as milliseconds 1973: no
export is ambiguous. What is no number passes through, so that it is quarantined with its text."""


def _property(name: str) -> str:
    return f"""nullif(doc ->> '$.properties."{name}"', '')"""


_EVENTS = f"""
select
    nullif(doc ->> '$.event', '') as event_name,
    {_EPOCH.format(value="doc ->> '$.properties.time'")} as event_at,
    {_property("$insert_id")} as insert_id,
    {_property("distinct_id")} as distinct_id,
    {_property("$device_id")} as device_id,
    {_property("$user_id")} as user_id,
    {_EPOCH.format(value="doc ->> '$.properties.mp_processing_time_ms'")} as processed_at,
    doc -> '$.properties' as properties,
    _row,
    _raw
from rows
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
                    "Tells one event from another (`$insert_id`); null on events of older libraries.",
                ),
                Column(
                    "distinct_id",
                    "VARCHAR",
                    "Whom Mixpanel took it for: a user's id, or `$device:<device_id>` before log-in.",
                ),
                Column("device_id", "VARCHAR", "The browser or app installation (`$device_id`)."),
                Column("user_id", "VARCHAR", "The known user (`$user_id`); null before log-in."),
                Column(
                    "processed_at",
                    "TIMESTAMP",
                    "When Mixpanel took it in (`mp_processing_time_ms`).",
                ),
                Column("properties", "JSON", "All properties, super properties among them."),
            ),
            key=("insert_id",),
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
                    "events that say whose they are",
                    "avg(case when coalesce(user_id, device_id, distinct_id) is null then 0.0 else 1.0 end)",
                    "more than half of the events carry no id of a user or device: the export lost its properties",
                    low=0.5,
                    share_of="count(*)",
                ),
            ),
        ),
    ),
    formats=(
        Format(
            name="mixpanel_export",
            container="json",
            requires=("$.event", "$.properties.time"),
            select={"events": _EVENTS},
        ),
    ),
    late=timedelta(days=5),
    names=(Names("events", "event", "event_name"),),
)

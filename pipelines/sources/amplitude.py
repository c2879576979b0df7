"""Amplitude: the Export API's zip of gzipped JSON lines, and the merged users of its warehouse exports.

Files are cut by upload hour; the day of a row is its event time. Who an event belongs to in the end, and
which events are the same one delivered twice, is decided in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.people import person
from pipelines.sources.spec import Column, Expectation, Format, Names, Rule, Source, Table


def _text(key: str) -> str:
    return f"""nullif(doc ->> '$."{key}"', '')"""


_EVENTS = f"""
select
    {_text("event_type")} as event_name,
    {_text("event_time")} as event_at,
    {_text("client_event_time")} as client_event_at,
    {_text("server_upload_time")} as uploaded_at,
    {person(_text("$insert_id"))} as insert_id,
    {_text("uuid")} as uuid,
    {person(_text("user_id"))} as user_id,
    {person(_text("device_id"))} as device_id,
    {person(_text("amplitude_id"))} as amplitude_id,
    doc -> '$.event_properties' as event_properties,
    doc -> '$.user_properties' as user_properties,
    _row,
    _raw
from rows
"""

_MERGES = f"""
select
    {person(_text("amplitude_id"))} as amplitude_id,
    {person(_text("merged_amplitude_id"))} as merged_amplitude_id,
    {_text("merge_event_time")} as merged_at,
    {_text("merge_server_time")} as merge_uploaded_at,
    _row,
    _raw
from rows
"""

_SYSTEM = r"^([$]|\[(Amplitude|Experiment)\] |session_(start|end)$)"
"""What Amplitude itself logs: identities, exposures, sessions, what its automatic capture sees."""

SOURCE = Source(
    name="amplitude",
    title="Amplitude",
    description="Product analytics events exported from Amplitude (`/api/2/export`, zip of gzipped JSONL), "
    "with the users it merged where `MERGE_IDS` is exported too.",
    owner="product-analytics",
    glob=("amplitude/**/*.zip", "amplitude/**/*.json*"),
    tables=(
        Table(
            name="events",
            description="One row per event as delivered; an event delivered twice is two rows.",
            columns=(
                Column("event_name", "VARCHAR", "Name of the event (`event_type`).", required=True),
                Column(
                    "event_at",
                    "TIMESTAMP",
                    "When it happened (`event_time`): the client's time, corrected by Amplitude for the "
                    "difference between the device's clock and its own.",
                    required=True,
                ),
                Column(
                    "client_event_at",
                    "TIMESTAMP",
                    "When it happened by the device's own clock (`client_event_time`), which may be wrong.",
                    incidental=True,
                ),
                Column(
                    "uploaded_at",
                    "TIMESTAMP",
                    "When Amplitude took it in (`server_upload_time`): what the export is cut by.",
                    incidental=True,
                ),
                Column("insert_id", "VARCHAR", "The client's id of the event (`$insert_id`), or null."),
                Column("uuid", "VARCHAR", "Amplitude's id of the row: equal only on a second delivery."),
                Column("user_id", "VARCHAR", "The known user; null before log-in."),
                Column("device_id", "VARCHAR", "The browser or app installation."),
                Column("amplitude_id", "VARCHAR", "Amplitude's own id of the person."),
                Column("event_properties", "JSON", "Properties of the event."),
                Column("user_properties", "JSON", "Properties of the user at that moment."),
            ),
            key=("uuid",),
            day="event_at",
            rules=(
                Rule(
                    "event_at <= uploaded_at + interval 1 day",
                    "event time lies more than a day after Amplitude took it in",
                ),
            ),
            expectations=(
                Expectation(
                    "events that name a user or device",
                    "avg(case when coalesce(user_id, device_id, amplitude_id) is null then 0.0 else 1.0 end)",
                    "more than half of the events carry no id of a user or device: the export lost its columns",
                    low=0.5,
                    share_of="count(*)",
                ),
            ),
        ),
        Table(
            name="merges",
            description="One row per person Amplitude merged into another (`MERGE_IDS`).",
            columns=(
                Column("amplitude_id", "VARCHAR", "The person that remains.", required=True),
                Column("merged_amplitude_id", "VARCHAR", "The person merged into it.", required=True),
                Column(
                    "merged_at",
                    "TIMESTAMP",
                    "Time of the event that revealed it (`merge_event_time`).",
                    required=True,
                ),
                Column(
                    "merge_uploaded_at", "TIMESTAMP", "When Amplitude merged (`merge_server_time`).", incidental=True
                ),
            ),
            key=("amplitude_id", "merged_amplitude_id"),
            day="merged_at",
        ),
    ),
    formats=(
        Format(
            name="amplitude_export",
            container="json",
            requires=("$.event_type", "$.event_time"),
            select={"events": _EVENTS},
        ),
        Format(
            name="amplitude_merge_ids",
            container="json",
            requires=("$.amplitude_id", "$.merged_amplitude_id", "$.merge_event_time"),
            select={"merges": _MERGES},
        ),
    ),
    late=timedelta(days=7),
    role="usage",
    names=(Names("events", "event", f"case when not regexp_matches(event_name, '{_SYSTEM}') then event_name end"),),
)

"""What Mixpanel, Amplitude and Segment export is read as they mean it; what is broken is set aside with a reason."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import writer
from pipelines.warehouse.convert import UNEXPLAINED
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in

AT = datetime(2026, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
SECONDS = int(AT.timestamp())
MILLIS = round(AT.timestamp() * 1000)


def land(settings: Settings, name: str, *documents: dict[str, Any] | str) -> Path:
    lines = [d if isinstance(d, str) else json.dumps(d) for d in documents]
    path = settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def load(settings: Settings, source: str) -> None:
    reports = take_in(settings, all_sources()[source])
    assert {report.message for report in reports} == {None}
    assert all(r.rows_read == r.rows_loaded + r.rows_quarantined + r.rows_skipped for r in reports)
    assert not any(UNEXPLAINED in r.skip_reasons for r in reports)
    replace_days(settings.model_copy(update={"quarantine_limit": 1.0}), all_sources()[source])


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(sql).fetchall()


def click(**properties: object) -> dict[str, Any]:
    return {"event": "Click", "properties": {"time": SECONDS, "distinct_id": "u1", **properties}}


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param(SECONDS, AT.replace(microsecond=0), id="epoch seconds"),
        pytest.param(MILLIS, AT, id="epoch milliseconds"),
        pytest.param(SECONDS + 0.25, AT, id="fractional seconds"),
        pytest.param(str(MILLIS), AT, id="milliseconds as text"),
    ],
)
def test_mixpanels_time_is_seconds_or_milliseconds(settings: Settings, time: object, expected: datetime) -> None:
    land(settings, "mixpanel/2026-01-05.jsonl.gz", click(time=time))
    load(settings, "mixpanel")
    assert rows(settings, "select event_at, _day from raw.mixpanel__events") == [
        (expected.replace(tzinfo=None), date(2026, 1, 5))
    ]


def test_mixpanels_ids_are_kept_as_exported_and_an_empty_one_is_null(settings: Settings) -> None:
    ids = {"$insert_id": "", "$device_id": "d1", "$user_id": None, "distinct_id": "$device:d1"}
    land(settings, "mixpanel/a.jsonl.gz", click(**ids, mp_processing_time_ms=MILLIS + 2000, plan="pro"))
    load(settings, "mixpanel")
    assert rows(
        settings,
        "select insert_id, device_id, user_id, distinct_id, processed_at - event_at < interval 3 seconds, "
        "properties ->> '$.plan' from raw.mixpanel__events",
    ) == [(None, "d1", None, "$device:d1", True, "pro")]


def test_mixpanels_merges_aliases_and_identities_are_pairs_of_ids_and_placeholders_are_nobodys(
    settings: Settings,
) -> None:
    def said(event: str, **properties: object) -> dict[str, Any]:
        return {"event": event, "properties": {"time": SECONDS, **properties}}

    land(
        settings,
        "mixpanel/a.jsonl.gz",
        said("$merge", distinct_id="b", **{"$distinct_ids": ["b", "a", "c"]}),
        said("$merge", distinct_id="e", **{"$distinct_ids": '["e","d"]'}),
        said("$merge", distinct_id="u", **{"$distinct_ids": ["$device:k", "v", "u"]}),
        said("$create_alias", distinct_id="old", alias="new"),
        said("$identify", **{"$anon_id": "x", "$identified_id": "u"}),
        said("View", distinct_id="u", **{"$distinct_id_before_identity": "w"}),
        said("View", distinct_id="u", **{"$distinct_id_before_identity": "w", "$device_id": "w"}),
        said("$merge", distinct_id="u", **{"$distinct_ids": ["undefined", "u"]}),
        said("$merge", distinct_id="u", **{"$distinct_ids": "broken ["}),
        said("$create_alias", distinct_id="null", alias="new"),
        said("View", distinct_id=12.0),
    )
    load(settings, "mixpanel")
    assert rows(settings, "select from_id, to_id, is_identify from raw.mixpanel__merges order by _row, 1") == [
        ("b", "a", False),
        ("c", "a", False),
        ("e", "d", False),
        ("$device:k", "u", False),
        ("v", "u", False),
        ("old", "new", False),
        ("x", "u", True),
        ("w", "u", False),
    ]
    assert rows(settings, "select distinct_id from raw.mixpanel__events where _row > 9 order by _row") == [
        (None,),
        ("12",),
    ]


def test_a_clock_that_is_wrong_by_years_and_a_broken_line_are_set_aside_and_the_rest_loads(settings: Settings) -> None:
    path = land(
        settings,
        "mixpanel/2026-01-05.jsonl.gz",
        click(),
        click(time=86_400, mp_processing_time_ms=MILLIS),
        click(time=SECONDS + 90_000, mp_processing_time_ms=MILLIS),
        click(time="yesterday"),
        {"event": "", "properties": {"time": SECONDS}},
        '{"event":"Click","properties":{"time":17',
    )
    assert path.stat().st_mtime > SECONDS
    load(settings, "mixpanel")
    assert rows(settings, "select count(*) from raw.mixpanel__events") == [(1,)]
    reasons = [reason for (reason,) in rows(settings, "select reason from raw.quarantine order by reason")]
    assert len(reasons) == 5
    for said in ("clock was never set", "clock is ahead", "event_at", "event_name", "not valid JSON"):
        assert any(said in reason for reason in reasons), (said, reasons)


def test_amplitudes_zip_is_read_and_its_corrected_time_names_the_day(settings: Settings) -> None:
    event = {
        "$insert_id": "i1", "uuid": "x1", "event_type": "Open", "event_time": "2026-01-05 10:00:00.250000",
        "client_event_time": "2026-01-09 10:00:00.000000", "server_upload_time": "2026-01-07 03:00:00.000000",
        "user_id": None, "device_id": "d1", "amplitude_id": 12345678901, "user_properties": {"email": "a@b.example"},
    }  # fmt: skip
    path = settings.landing_dir / "amplitude" / "2026-01-07.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for hour in (2, 3):
            member = json.dumps(event | {"$insert_id": f"i{hour}"}).encode()
            archive.writestr(f"1234/1234_2026-01-07_{hour}#0.json.gz", gzip.compress(member))
    load(settings, "amplitude")
    assert rows(
        settings,
        "select event_at, _day, insert_id, user_id, amplitude_id from raw.amplitude__events order by insert_id",
    ) == [(AT.replace(tzinfo=None), date(2026, 1, 5), f"i{hour}", None, "12345678901") for hour in (2, 3)]
    # The file speaks for the upload day its name bears, too: nothing happened on it.
    assert rows(settings, "select distinct day from ledger.coverage where source = 'amplitude' order by 1") == [
        (date(2026, 1, 5),),
        (date(2026, 1, 7),),
    ]


def test_amplitudes_merged_persons_go_to_a_table_of_their_own(settings: Settings) -> None:
    land(
        settings,
        "amplitude/merge_ids/MERGE_IDS.json.gz",
        {
            "amplitude_id": 1,
            "merged_amplitude_id": 2,
            "merge_event_time": "2026-01-05 10:00:00.250000",
            "merge_server_time": "2026-01-05 11:00:00.000000",
        },
    )
    load(settings, "amplitude")
    assert rows(settings, "select amplitude_id, merged_amplitude_id, merged_at from raw.amplitude__merges") == [
        ("1", "2", AT.replace(tzinfo=None))
    ]


def call(kind: str, **fields: object) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"m-{kind}",
        "timestamp": "2026-01-05T10:00:00.250Z",
        "anonymousId": "d1",
        **fields,
    }


def test_segments_calls_are_split_into_events_and_identifies(settings: Settings) -> None:
    land(
        settings,
        "segment/2026-01-05.jsonl.gz",
        call("track", event="Draft Inserted", userId="u1"),
        call("page", name="Pricing"),
        call("page", messageId="m-page-2"),
        call("identify", userId="u1", traits={"email": "a@b.example"}),
        call("alias", userId="u2", previousId="u1", anonymousId=None),
        call("track", messageId="m-broken"),
    )
    load(settings, "segment")
    assert rows(settings, "select event_name, user_id from raw.segment__events order by event_name") == [
        ("Draft Inserted", "u1"),
        ("Pricing", None),
        ("page", None),
    ]
    assert rows(
        settings,
        "select call_type, user_id, previous_id, traits ->> '$.email' from raw.segment__identifies order by call_type",
    ) == [("alias", "u2", "u1", None), ("identify", "u1", None, "a@b.example")]
    ((reason,),) = rows(settings, "select reason from raw.quarantine")
    assert "event_name" in reason


def test_a_time_that_only_informs_is_left_out_and_counted_where_it_cannot_be_read(settings: Settings) -> None:
    originals = ["2026-01-05T10:00:27.029:Z", "2026-01-05T10:00:27Z", "Jan 05, 2026 10:00:27 AM", "", "1901-01-05"]
    for number, original in enumerate(originals):
        fields = {"messageId": f"m{number}", "event": "Asked", "originalTimestamp": original}
        land(settings, f"segment/{number}.json", call("track", **fields))
    load(settings, "segment")
    read = rows(settings, "select message_id, original_at is not null from raw.segment__events order by message_id")
    assert read == [("m0", False), ("m1", True), ("m2", True), ("m3", False), ("m4", False)]
    counted = "select path, left_out_reasons from ledger.files where left_out_reasons is not null order by path"
    assert rows(settings, counted) == [
        (f"segment/{number}.json", '{"original_at is not a TIMESTAMP": 1}') for number in (0, 4)
    ]
    assert rows(settings, "select reason from raw.quarantine") == []


def test_segments_time_is_freed_of_the_devices_clock_where_the_archive_lacks_the_corrected_one(
    settings: Settings,
) -> None:
    # The device is four days ahead: it sent the call one second after it happened.
    skewed = {
        "timestamp": None,
        "originalTimestamp": "2026-01-09T10:00:00.250Z",
        "sentAt": "2026-01-09T10:00:01.250Z",
        "receivedAt": "2026-01-05T12:00:01.250+02:00",
    }
    land(settings, "segment/a.jsonl.gz", call("track", event="Draft Inserted", **skewed))
    load(settings, "segment")
    assert rows(settings, "select event_at from raw.segment__events") == [(AT.replace(tzinfo=None),)]


@pytest.mark.parametrize("source", ["mixpanel", "amplitude", "segment"])
def test_a_file_of_something_else_is_rejected_by_name_of_what_it_lacks(settings: Settings, source: str) -> None:
    land(settings, f"{source}/a.json.gz", {"id": 1, "name": "no event"})
    (report,) = take_in(settings, all_sources()[source])
    assert report.status == "rejected"
    assert report.message is not None
    assert "which needs $." in report.message

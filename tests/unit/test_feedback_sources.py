"""Surveys, ratings, decisions, tickets, notes and campaigns, as their systems export them, through the intake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.ledger import FileReport

QUALTRICS = (
    "\ufeffStartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,RecordedDate,ResponseId,"
    "RecipientLastName,RecipientEmail,DistributionChannel,UserLanguage,{column},Q2_NPS_GROUP,Q7,department\r\n"
    "Start Date,End Date,Response Type,IP Address,Progress,Duration (in seconds),Finished,Recorded Date,Response ID,"
    'Recipient Last Name,Recipient Email,Distribution Channel,User Language,"How satisfied, overall,\nare you?",'
    '"How likely? - Group","Anything to add?",department\r\n'
    '"{{""ImportId"":""startDate"",""timeZone"":""America/Denver""}}",'
    '"{{""ImportId"":""endDate"",""timeZone"":""America/Denver""}}","{{""ImportId"":""status""}}",'
    '"{{""ImportId"":""ipAddress""}}","{{""ImportId"":""progress""}}","{{""ImportId"":""duration""}}",'
    '"{{""ImportId"":""finished""}}","{{""ImportId"":""recordedDate"",""timeZone"":""America/Denver""}}",'
    '"{{""ImportId"":""_recordId""}}","{{""ImportId"":""recipientLastName""}}","{{""ImportId"":""recipientEmail""}}",'
    '"{{""ImportId"":""distributionChannel""}}","{{""ImportId"":""userLanguage""}}","{{""ImportId"":""QID2""}}",'
    '"{{""ImportId"":""QID2_NPS_GROUP""}}","{{""ImportId"":""QID7_TEXT""}}","{{""ImportId"":""department""}}"\r\n'
    "2026-03-07 23:10:00,2026-03-07 23:12:00,IP Address,10.0.0.1,100,120,True,2026-03-07 23:12:01,R_1,Doe,"
    'jo@example.com,anonymous,EN,Extremely satisfied,Promoter,"<p>Fine, ""really"" \U0001f44d</p>",ward\r\n'
    "2026-03-08 09:00:00,2026-03-08 09:01:00,Survey Preview,,100,60,True,2026-03-08 09:01:02,R_2,,,preview,EN,"
    "Somewhat satisfied,Passive,,\r\n"
    "soon,soon,IP Address,,100,60,True,soon,R_3,,,anonymous,EN,Somewhat satisfied,,,\r\n"
)


def load(settings: Settings, source: str, name: str, content: object) -> FileReport:
    """What the intake says of one landing file; its rows are then in the raw tables."""
    path = settings.landing_dir / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    (report,) = take_in(settings, all_sources()[source])
    replace_days(settings, all_sources()[source])
    return report


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_qualtrics_three_header_rows_are_no_responses_and_its_times_are_told_in_the_exporters_zone(
    settings: Settings,
) -> None:
    report = load(settings, "qualtrics", "SV_abc123/export.csv", QUALTRICS.format(column="Q2"))
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined, report.rows_skipped) == (5, 2, 1, 2)
    assert report.skip_reasons == {"a header row": 2}
    # The night in which Denver's clocks go forward: -7 h before it, -6 h after.
    assert rows(
        settings,
        "select survey_key, response_id, status, is_finished, submitted_at::varchar, _day::varchar "
        "from raw.qualtrics__responses order by 2",
    ) == [
        ("SV_abc123", "R_1", "IP Address", True, "2026-03-08 06:12:00", "2026-03-08"),
        ("SV_abc123", "R_2", "Survey Preview", True, "2026-03-08 15:01:00", "2026-03-08"),
    ]


def test_a_renamed_qualtrics_question_keeps_its_id_and_nothing_of_the_respondent_is_kept(settings: Settings) -> None:
    load(settings, "qualtrics", "SV_abc123/before.csv", QUALTRICS.format(column="Q2"))
    load(settings, "qualtrics", "SV_abc123/after.csv", QUALTRICS.format(column="overall"))
    found = rows(
        settings,
        "select question_id, question_name, answer from raw.qualtrics__answers where response_id = 'R_1' order by 1, 2",
    )
    assert found == [
        ("QID2", "Q2", "Extremely satisfied"),
        ("QID2", "overall", "Extremely satisfied"),
        ("QID2_NPS_GROUP", "Q2_NPS_GROUP", "Promoter"),
        ("QID2_NPS_GROUP", "Q2_NPS_GROUP", "Promoter"),
        ("QID7_TEXT", "Q7", '<p>Fine, "really" \U0001f44d</p>'),
        ("QID7_TEXT", "Q7", '<p>Fine, "really" \U0001f44d</p>'),
    ]
    kept = rows(settings, "select * from raw.qualtrics__answers") + rows(
        settings, "select * from raw.qualtrics__responses"
    )
    assert not any("example.com" in str(row) or "10.0.0.1" in str(row) or "Doe" in str(row) for row in kept)


@pytest.mark.parametrize(
    ("name", "survey"),
    [
        ("SV_abc123/export.csv", "SV_abc123"),
        ("pulse/2026-03.csv", "pulse"),
        ("Staff Pulse_March 9, 2026_10.30.csv", "Staff Pulse"),
        ("Staff Pulse-SV_9z.csv", "SV_9z"),
    ],
)
def test_a_qualtrics_survey_is_known_by_its_path(settings: Settings, name: str, survey: str) -> None:
    load(settings, "qualtrics", name, QUALTRICS.format(column="Q2"))
    assert rows(settings, "select distinct survey_key from raw.qualtrics__answers") == [(survey,)]


def test_a_qualtrics_export_of_two_header_rows_tells_questions_by_their_columns(settings: Settings) -> None:
    lines = QUALTRICS.format(column="Q2").split("\r\n")
    load(settings, "qualtrics", "SV_old/export.csv", "\r\n".join(lines[:2] + lines[3:]))
    assert rows(settings, "select response_id, submitted_at::varchar from raw.qualtrics__responses order by 1") == [
        ("R_1", "2026-03-07 23:12:00"),
        ("R_2", "2026-03-08 09:01:00"),
    ]
    assert set(rows(settings, "select question_id, question_name from raw.qualtrics__answers")) == {
        ("Q2", "Q2"), ("Q2_NPS_GROUP", "Q2_NPS_GROUP"), ("Q7", "Q7"),
    }  # fmt: skip


LOCALISED = (
    "StartDate,EndDate,Status,Progress,Finished,RecordedDate,ResponseId,Q1",
    "Startdatum,Enddatum,Antworttyp,Fortschritt,Beendet,Aufgezeichnet,Antwort-ID,Zufrieden?",
    '"{{""ImportId"":""startDate"",""timeZone"":""{zone}""}}","{{""ImportId"":""endDate"",""timeZone"":""{zone}""}}",'
    '"{{""ImportId"":""status""}}","{{""ImportId"":""progress""}}","{{""ImportId"":""finished""}}",'
    '"{{""ImportId"":""recordedDate"",""timeZone"":""{zone}""}}","{{""ImportId"":""_recordId""}}",'
    '"{{""ImportId"":""QID1""}}"',
    "2026-01-05 10:00:00,2026-01-05 10:01:00,IP-Adresse,100,Wahr,2026-01-05 10:01:00,R_1,5",
    "2026-01-05 10:00:00,2026-01-05 10:02:00,IP-Adresse,40,Falsch,2026-01-05 10:02:00,R_2,4",
    "2026-01-05 10:00:00,2026-01-05 10:03:00,IP-Adresse,100,Amen,2026-01-05 10:03:00,R_3,3",
    "2026-01-05 10:00:00,2026-01-05 10:04:00,IP-Adresse,,Amen,2026-01-05 10:04:00,R_4,3",
)


def localised(headers: int = 3, zone: str = "UTC") -> str:
    return "\n".join(LOCALISED[:headers] + LOCALISED[3:]).format(zone=zone)


@pytest.mark.parametrize("headers", [1, 2, 3])
def test_qualtrics_tells_finished_in_any_language_and_under_any_number_of_header_rows(
    settings: Settings, headers: int
) -> None:
    report = load(settings, "qualtrics", "SV_l/export.csv", localised(headers))
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (headers + 3, 3, 1)
    assert rows(settings, "select response_id, is_finished from raw.qualtrics__responses order by 1") == [
        ("R_1", True), ("R_2", False), ("R_3", True),
    ]  # fmt: skip
    assert rows(settings, "select reason from raw.quarantine") == [("is_finished: Amen is not a BOOLEAN",)]


def test_a_third_header_row_that_is_no_json_still_tells_question_and_zone(settings: Settings) -> None:
    load(settings, "qualtrics", "SV_l/export.csv", localised(zone="Asia/Tokyo").replace('""', "'"))
    assert rows(
        settings, "select question_id, submitted_at::varchar from raw.qualtrics__answers order by 2 limit 1"
    ) == [
        ("QID1", "2026-01-05 01:01:00"),
    ]


def test_times_in_a_zone_that_nobody_knows_are_set_aside_and_not_taken_for_utc(settings: Settings) -> None:
    report = load(settings, "qualtrics", "SV_l/export.csv", localised(zone="Mars/Olympus"))
    assert report.rows_loaded == 0
    assert "unknown time zone Mars/Olympus" in rows(settings, "select reason from raw.quarantine")[0][0]


# The response example of GET /forms/{form_id}/responses in Typeform's developer pages, shortened.
TYPEFORM = {
    "landing_id": "21085286190ffad1248d17c4135ee56f",
    "token": "21085286190ffad1248d17c4135ee56f",
    "response_id": "21085286190ffad1248d17c4135ee56f",
    "landed_at": "2017-09-14T22:33:59Z",
    "submitted_at": "2017-09-14T22:38:22Z",
    "metadata": {"user_agent": "Mozilla/5.0", "platform": "mobile", "network_id": "responsdent_network_id"},
    "hidden": {"email": "jo@example.com"},
    "answers": [
        {
            "field": {"id": "hVONkQcnSNRj", "type": "dropdown", "ref": "color"},
            "type": "text",
            "text": "Job opportunities",
        },
        {"field": {"id": "RUqkXSeXBXSd", "type": "yes_no", "ref": "yes"}, "type": "boolean", "boolean": False},
        {"field": {"id": "gFFf3xAkJKsr", "type": "legal", "ref": "q"}, "type": "email", "email": "lian@example.com"},
        {"field": {"id": "WOTdC00F8A3h", "type": "rating", "ref": "rate"}, "type": "number", "number": 3},
        {
            "field": {"id": "kaXJzVCFd6Cx", "type": "multiple_choice", "ref": "m"},
            "type": "choice",
            "choice": {"label": "10 - yes"},
        },
    ],
}
TYPEFORM_CSV = (
    '#,"What do you ""really"" think?",department,mail,Response Type,Start Date (UTC),Stage Date (UTC),'
    "Submit Date (UTC),Network ID,Tags\r\n"
    "21085286190ffad1248d17c4135ee56f,3,web,jo@example.com,completed,2017-09-14 22:33:59,,2017-09-14 22:38:22,f00,\r\n"
    "aaa85286190ffad1248d17c4135ee56f,,web,,partial,2017-09-14 23:33:59,2017-09-14 23:40:00,,f00,\r\n"
)


def test_typeform_answers_are_read_from_the_api_and_the_csv_and_a_response_is_one_in_both(settings: Settings) -> None:
    unsent = TYPEFORM | {
        "response_id": "b",
        "submitted_at": "0001-01-01T00:00:00Z",
        "response_type": "started",
        "answers": None,
    }
    load(settings, "typeform", "form1/page.json", {"total_items": 2, "page_count": 1, "items": [TYPEFORM, unsent]})
    load(settings, "typeform", "form1/responses-2017-09-14.csv", TYPEFORM_CSV)
    assert sorted(
        rows(
            settings,
            "select survey_key, response_id[:3], is_finished, submitted_at::varchar from raw.typeform__responses",
        )
    ) == [
        ("form1", "210", True, "2017-09-14 22:38:22"),
        ("form1", "210", True, "2017-09-14 22:38:22"),
        ("form1", "aaa", False, "2017-09-14 23:40:00"),
        ("form1", "b", False, "2017-09-14 22:33:59"),
    ]
    answers = rows(
        settings, "select question_id, question_name, answer from raw.typeform__answers where response_id[:3] = '210'"
    )
    assert sorted(answers) == [
        ("RUqkXSeXBXSd", "yes", "false"),
        ("WOTdC00F8A3h", "rate", "3"),
        ('What do you "really" think?', 'What do you "really" think?', "3"),
        ("department", "department", "web"),
        ("hVONkQcnSNRj", "color", "Job opportunities"),
        ("kaXJzVCFd6Cx", "m", "10 - yes"),
    ]


def test_typeform_reads_a_page_without_an_answer_several_choices_and_a_token_alone(settings: Settings) -> None:
    old = {key: value for key, value in TYPEFORM.items() if key not in ("response_id", "hidden")} | {
        "answers": [
            {"field": {"id": "f1", "ref": "a"}, "type": "choices", "choices": {"labels": ["fast", "fair"]}},
            {"field": {"id": "f2", "ref": "b"}, "type": "choice", "choice": {"other": "slow"}},
            {"field": {"id": "f3", "ref": "c"}, "type": "choice", "choice": {}},
            {"field": None, "type": "number", "number": 4},
        ]
    }
    begun = {"landing_id": "x", "token": "x", "landed_at": "2017-09-14T22:33:59Z"}
    load(settings, "typeform", "form1/old.json", {"items": [old]})
    report = load(settings, "typeform", "form1/begun.json", {"items": [begun]})
    assert (report.status, report.rows_loaded) == ("loaded", 1)
    assert rows(settings, "select distinct response_id, is_finished from raw.typeform__responses order by 1") == [
        ("21085286190ffad1248d17c4135ee56f", True),
        ("x", False),
    ]
    assert rows(settings, "select question_id, answer from raw.typeform__answers order by 1") == [
        ("f1", "fast, fair"),
        ("f2", "slow"),
    ]


def test_ratings_and_decisions_read_the_same_from_lines_and_csv(settings: Settings) -> None:
    thumbs = {"rating_id": "r1", "rated_at": "2026-01-05T10:00:00Z", "model": "chat", "kind": "thumbs", "value": "down"}
    stars = thumbs | {"rating_id": "r2", "kind": "stars", "value": 4}
    load(settings, "ratings", "a.jsonl", "\n".join(json.dumps(line) for line in (thumbs, stars)))
    load(settings, "ratings", "b.csv", "rating_id,rated_at,model,kind,value\nr1,2026-01-05 10:00:00,chat,thumbs,down\n")
    report = load(settings, "ratings", "c.jsonl", json.dumps(stars | {"value": 6}))
    assert report.rows_quarantined == 1
    assert sorted(rows(settings, "select rating_id, kind, score from raw.ratings__ratings")) == [
        ("r1", "thumbs", 0.0), ("r1", "thumbs", 0.0), ("r2", "stars", 4.0),
    ]  # fmt: skip
    decided = {"decision_id": "d1", "decided_at": "2026-01-05T10:00:00Z", "model": "chat", "overridable": True}
    report = load(
        settings,
        "ratings",
        "decisions.jsonl",
        "\n".join(
            json.dumps(decided | more)
            for more in (
                {"was_overridden": True},
                {"decision_id": "d2"},
                {"decision_id": "d3", "overridable": False, "was_overridden": True},
            )
        ),
    )
    assert report.rows_quarantined == 1
    load(
        settings,
        "ratings",
        "d.csv",
        "decision_id,decided_at,model,overridable,was_overridden\nd4,2026-01-05,chat,true,0\n",
    )
    assert sorted(rows(settings, "select decision_id, is_overridable, is_overridden from raw.ratings__decisions")) == [
        ("d1", True, True), ("d2", True, False), ("d4", True, False),
    ]  # fmt: skip
    reasons = {row[0] for row in rows(settings, "select reason from raw.quarantine")}
    assert reasons == {"stars are not from 1 to 5", "was overridden though nobody could override it"}


def test_a_thumb_and_an_override_are_told_in_whatever_way_a_program_writes_them(settings: Settings) -> None:
    scores = {"up": 1, "👍": 1, "True": 1, "1.0": 1, "Thumbs_Up": 1, "down": 0, "-1": 0, "false": 0, "NO": 0, "👎": 0}
    lines = [
        json.dumps({"rating_id": f"r{n}", "rated_at": "2026-01-05", "model": "chat", "kind": "Thumbs", "value": value})
        for n, value in enumerate((*scores, "perhaps"))
    ]
    report = load(settings, "ratings", "thumbs.jsonl", "\n".join(lines))
    assert (report.rows_loaded, report.rows_quarantined) == (len(scores), 1)
    assert dict(rows(settings, "select rating_id, score from raw.ratings__ratings")) == {
        f"r{n}": score for n, score in enumerate(scores.values())
    }
    load(
        settings,
        "ratings",
        "decisions.csv",
        "decision_id,decided_at,model,overridable,was_overridden\n"
        "d1,2026-01-05,chat,TRUE,1.0\nd2,2026-01-05,chat,yes,None\nd3,2026-01-05,chat,1,F\n",
    )
    assert sorted(rows(settings, "select decision_id, is_overridden from raw.ratings__decisions")) == [
        ("d1", True), ("d2", False), ("d3", False),
    ]  # fmt: skip


# The ticket example of Zendesk's developer pages, ten years younger, references shortened.
TICKET = {
    "id": 35436,
    "url": "https://company.zendesk.com/api/v2/tickets/35436.json",
    "external_id": "ahg35h3jh",
    "created_at": "2019-07-20T22:55:29Z",
    "updated_at": "2021-05-05T10:38:52Z",
    "type": "incident",
    "subject": "Help, my printer is on fire!",
    "priority": "high",
    "status": "open",
    "requester_id": 20978392,
    "tags": ["enterprise", "other_tag"],
    "custom_fields": [{"id": 27642, "value": "745"}],
    "satisfaction_rating": {"id": 1234, "score": "good", "comment": "Great support!"},
}


def test_a_zendesk_ticket_with_an_impossible_id_is_set_aside(settings: Settings) -> None:
    line = json.dumps(TICKET).replace('"id": 35436', f'"id": {"9" * 5000}', 1)
    load(settings, "zendesk", "export.jsonl", json.dumps(TICKET) + "\n" + line)
    assert rows(settings, "select reason from raw.quarantine") == [(f"id is no number that Zendesk gives: {'9' * 40}",)]


def test_a_zendesk_ticket_is_read_from_a_page_and_from_a_line(settings: Settings) -> None:
    page = {
        "tickets": [TICKET, TICKET | {"id": 2, "satisfaction_rating": None}],
        "after_cursor": "x",
        "end_of_stream": True,
    }
    load(settings, "zendesk", "page.json", page)
    load(settings, "zendesk", "export.jsonl", json.dumps(TICKET) + "\n" + json.dumps(TICKET | {"status": "melted"}))
    assert rows(
        settings,
        "select ticket_id, status, json_extract_string(tags, '$[1]'), rating_score, rating_comment, _day::varchar "
        "from raw.zendesk__tickets order by 1, 2",
    ) == [
        ("2", "open", "other_tag", "unoffered", None, "2019-07-20"),
        ("35436", "open", "other_tag", "good", "Great support!", "2019-07-20"),
        ("35436", "open", "other_tag", "good", "Great support!", "2019-07-20"),
    ]
    assert rows(settings, "select reason from raw.quarantine") == [("status is not one Zendesk has",)]


NOTE = """---
date: 2026-01-05
model: "triage"
kind: Interview
role: clinician
theme: trust
sentiment: negative
---

# Missing pulse

I overrule it when the pulse is missing.
---
(said twice)
"""


def test_a_note_is_its_front_matter_and_its_text(settings: Settings) -> None:
    load(settings, "notes", "round/a.md", NOTE.replace("\n", "\r\n"))
    report = load(settings, "notes", "b.md", "No front matter at all.")
    assert (report.status, report.rows_quarantined) == ("loaded", 1)
    load(
        settings,
        "notes",
        "c.csv",
        "date,model,kind,text,role\n2026-01-06,triage,review,Fine,a@b.example\n2026-01-07,triage,review,Good,owner\n",
    )
    found = rows(
        settings,
        "select model_id, kind, author_role, sentiment, text from raw.notes__notes order by noted_date",
    )
    assert found[0][:4] == ("triage", "interview", "clinician", "negative")
    assert found[0][4].startswith("# Missing pulse") and found[0][4].endswith("(said twice)")
    assert found[1:] == [("triage", "review", "owner", None, "Good")]
    reasons = " ".join(row[0] for row in rows(settings, "select reason from raw.quarantine"))
    assert "model_id is missing" in reasons
    assert "a role is asked for, not a person" in reasons


def test_notes_of_both_kinds_that_arrive_together_are_both_read(settings: Settings) -> None:
    folder = settings.landing_dir / "notes"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text(NOTE)
    (folder / "b.csv").write_text("date,model,kind,text,role\n2026-01-07,triage,review,Good,owner\n")
    assert [report.status for report in take_in(settings, all_sources()["notes"])] == ["loaded", "loaded"]


def test_a_copy_in_another_surveys_folder_is_the_other_surveys_and_the_first_keeps_its_own(settings: Settings) -> None:
    text = "#,Rating,Start Date (UTC),Submit Date (UTC)\nr1,4,2026-01-05 10:00:00,2026-01-05 10:01:00\n"
    for path in ("archive/responses.csv", "form1/responses.csv", "form1/again.csv"):
        (settings.landing_dir / "typeform" / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.landing_dir / "typeform" / path).write_text(text)
        take_in(settings, all_sources()["typeform"])
    replace_days(settings, all_sources()["typeform"])
    owners = "select survey_key from raw.typeform__responses order by 1"
    assert rows(settings, owners) == [("archive",), ("form1",)]
    (settings.landing_dir / "typeform" / "archive" / "responses.csv").unlink()
    take_in(settings, all_sources()["typeform"])
    replace_days(settings, all_sources()["typeform"])
    assert rows(settings, owners) == [("form1",)]


def test_a_note_is_the_same_note_under_another_name_and_in_a_table(settings: Settings) -> None:
    front = "---\ndate: 2026-01-07\nmodel: triage\nkind: review\nrole: owner\n---\nGood\n"
    load(settings, "notes", "a.md", front)
    load(settings, "notes", "elsewhere/b.md", front + "\n")
    load(settings, "notes", "c.csv", "date,model,kind,role,text\n2026-01-07,triage,review,owner,Good\n")
    assert rows(settings, "select count(*), count(distinct note_id) from raw.notes__notes") == [(3, 1)]


def test_a_campaign_planned_ahead_stands_on_the_day_it_was_written_down(settings: Settings) -> None:
    text = (
        "start,end,name,kind,models\n2026-01-05,2026-01-09,Sale,campaign,a;b\n2199-01-01,,Far,holiday,\n"
        "2026-02-02,2026-02-01,Odd,other,\n"
    )
    report = load(settings, "campaigns", "annotations.csv", text)
    assert (report.rows_loaded, report.rows_quarantined) == (2, 1)
    found = rows(
        settings, "select title, models, starts_at::varchar, _day < date '2199-01-01' from raw.campaigns__annotations"
    )
    assert sorted(found) == [
        ("Far", None, "2199-01-01 00:00:00", True),
        ("Sale", "a;b", "2026-01-05 00:00:00", True),
    ]


def test_the_sample_companys_files_hold_no_address_of_a_person(tmp_path: Path) -> None:
    from pipelines.scenario.feedback.write import write_feedback
    from pipelines.scenario.world import World

    write_feedback(World(days=9, seed=3), tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).parts[0] for path in files} == {
        "qualtrics", "typeform", "ratings", "zendesk", "notes", "campaigns",
    }  # fmt: skip
    assert not [path for path in files if "@" in path.read_text(encoding="utf-8")]


def test_the_sample_company_is_the_same_for_the_same_arguments_and_grows_by_the_day(tmp_path: Path) -> None:
    from pipelines.scenario.feedback.write import write_feedback
    from pipelines.scenario.world import World

    def written(folder: str, days: int) -> dict[str, bytes]:
        write_feedback(World(days=days, seed=3), tmp_path / folder)
        return {
            str(p.relative_to(tmp_path / folder)): p.read_bytes() for p in (tmp_path / folder).rglob("*") if p.is_file()
        }

    seven = written("a", 7)
    assert seven == written("b", 7)
    eight = written("c", 8)
    # What is kept by hand in one file is the only thing rewritten.
    assert {name for name in seven if eight[name] != seven[name]} <= {"notes/notes.csv", "campaigns/annotations.csv"}

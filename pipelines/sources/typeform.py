"""Typeform: responses as the Responses API and the CSV export give them.

Here: one row per response and one per answer, whatever the form asks. The catalog maps questions to
models. Hidden fields and what is known of the respondent's browser are not read from the API; in the CSV a hidden field
looks like a question, and only cells that hold a mail address are left out.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Paging, Source, Table

_FORM_KEY = r"""coalesce(
            nullif(parse_path(_path)[-2], 'typeform'),
            nullif(
                regexp_replace(regexp_extract(parse_filename(_path), '^[^.]+'), '[-_ ]*\d{4}-?\d{2}-?\d{2}.*$', ''), ''
            )
        )"""
"""Neither form of the export names its form; its folder does, else the file's name less a date."""

_NEVER = "0001-01-01T00:00:00Z"
"""What the API writes as the submission time of a response that was never submitted."""

_CSV_FACTS = (
    "#", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Response Type", "Tags", "Ending",
    "Score", "Outcome",
)  # fmt: skip
"""The export's own columns; every other one is a question, or a hidden field."""
_FACTS = ", ".join(f"'{column}'" for column in _CSV_FACTS)
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"

_CSV_SUBMITTED = 'coalesce("Submit Date (UTC)", "Stage Date (UTC)", "Start Date (UTC)")'
_CSV_RESPONSES = f"""
    select
        _row, _raw,
        {_FORM_KEY} as survey_key,
        "#" as response_id,
        "Submit Date (UTC)" is not null and coalesce("Response Type", 'completed') = 'completed' as is_finished,
        "Start Date (UTC)" as started_at,
        {_CSV_SUBMITTED} as submitted_at
    from rows
"""
# A hidden field may hold whom the form was sent to: an address is no answer to a question.
_CSV_ANSWERS = f"""
    with
    cells as (
        select
            _row, _raw, "#" as response_id,
            {_FORM_KEY} as survey_key,
            {_CSV_SUBMITTED} as submitted_at,
            unnest(map_entries(cast(cast(_raw as json) as map(varchar, varchar)))) as cell
        from rows
    )
    select
        _row, _raw, survey_key, response_id, submitted_at,
        cell.key as question_id, cell.key as question_name, cell.value as answer
    from cells
    where cell.key not in ({_FACTS}) and cell.value is not null and not regexp_matches(cell.value, '{_ADDRESS}')
"""

_JSON_SUBMITTED = f"""coalesce(
            nullif(nullif(doc ->> '$.submitted_at', ''), '{_NEVER}'), doc ->> '$.staged_at', doc ->> '$.landed_at'
        )"""
# The same in all three where all three are there; pages of old have no `response_id`.
_JSON_ID = "coalesce(doc ->> '$.response_id', doc ->> '$.token', doc ->> '$.landing_id')"
_JSON_FORM = f"coalesce(doc ->> '$.form_id', {_FORM_KEY})"
_JSON_RESPONSES = f"""
    select
        _row, _raw,
        {_JSON_FORM} as survey_key,
        {_JSON_ID} as response_id,
        coalesce(nullif(doc ->> '$.submitted_at', ''), '{_NEVER}') <> '{_NEVER}'
            and coalesce(doc ->> '$.response_type', 'completed') = 'completed' as is_finished,
        doc ->> '$.landed_at' as started_at,
        {_JSON_SUBMITTED} as submitted_at
    from rows
"""
_JSON_ANSWERS = f"""
    with
    answers as (
        select
            _row, _raw,
            {_JSON_FORM} as survey_key,
            {_JSON_ID} as response_id,
            {_JSON_SUBMITTED} as submitted_at,
            unnest(json_extract(doc, '$.answers[*]')) as answer
        from rows
    )
    select
        _row, _raw, survey_key, response_id, submitted_at,
        answer ->> '$.field.id' as question_id,
        answer ->> '$.field.ref' as question_name,
        coalesce(
            answer ->> '$.number', answer ->> '$.choice.label', answer ->> '$.choice.other', answer ->> '$.text',
            answer ->> '$.boolean', array_to_string(json_extract_string(answer, '$.choices.labels[*]'), ', ')
        ) as answer
    from answers
    -- The other types (email, phone_number, file_url …) say who answers or what was handed in.
    where
        answer ->> '$.type' in ('number', 'choice', 'choices', 'text', 'boolean')
        -- A field deleted since, or one left empty, answers nothing.
        and answer ->> '$.field.id' is not null
        and coalesce(
            answer ->> '$.number', answer ->> '$.choice.label', answer ->> '$.choice.other', answer ->> '$.text',
            answer ->> '$.boolean', answer ->> '$.choices.labels[0]'
        ) is not null
"""

_SURVEY = Column("survey_key", "VARCHAR", "The form: its id, or the folder or file it lies in.", required=True)
_RESPONSE = Column("response_id", "VARCHAR", "Typeform's id of the response; the CSV calls it `#`.", required=True)
_SUBMITTED = Column("submitted_at", "TIMESTAMP", "When it was submitted, or last touched.", required=True)

SOURCE = Source(
    name="typeform",
    title="Typeform",
    description="Form responses: pages of the Responses API saved as JSON or JSONL, and the CSV export.",
    owner="product-analytics",
    glob=("typeform/**/*",),
    tables=(
        Table(
            name="responses",
            description="One row per response as delivered, in either form; one may be there several times.",
            columns=(
                _SURVEY,
                _RESPONSE,
                Column("is_finished", "BOOLEAN", "Whether it was submitted whole.", required=True),
                Column("started_at", "TIMESTAMP", "When the form was opened.", incidental=True),
                _SUBMITTED,
            ),
            key=("survey_key", "response_id"),
            day="submitted_at",
            covers_range=True,
        ),
        Table(
            name="answers",
            description="One row per delivered response and question that it answers.",
            columns=(
                _SURVEY,
                _RESPONSE,
                Column(
                    "question_id",
                    "VARCHAR",
                    "The field's id; in the CSV, the question's text.",
                    required=True,
                    free=True,
                ),
                Column("question_name", "VARCHAR", "The field's ref; in the CSV, its text.", free=True),
                Column(
                    "answer", "VARCHAR", "The answer: a number, a choice's label, or text.", required=True, free=True
                ),
                _SUBMITTED,
            ),
            key=("survey_key", "response_id", "question_id"),
            day="submitted_at",
        ),
    ),
    formats=(
        Format(
            name="Typeform CSV export",
            container="csv",
            requires=("#", "Start Date (UTC)", "Submit Date (UTC)"),
            named_by=_FORM_KEY,
            optional=("Stage Date (UTC)", "Response Type"),
            select={"responses": _CSV_RESPONSES, "answers": _CSV_ANSWERS},
        ),
        Format(
            name="Typeform Responses API",
            container="json",
            records=("$.items",),
            paging=Paging(
                is_last="case when try_cast(page ->> '$.page_count' as bigint) <= 1 then true end",
                total="page ->> '$.total_items'",
            ),
            # Responses that were begun and left have no answers, and a page of them is one all the same.
            requires=("$.landed_at", "$.token"),
            named_by=_FORM_KEY,
            select={"responses": _JSON_RESPONSES, "answers": _JSON_ANSWERS},
        ),
    ),
    late=timedelta(days=7),
    fresh_within=timedelta(days=8),
    day_by="rows",
    role="surveys",
    names=(Names("responses", "survey", "survey_key"),),
)

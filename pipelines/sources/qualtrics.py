"""Qualtrics: survey responses as its CSV export gives them, with one, two or three header rows.

Here: one row per response and one per answer, whatever the survey asks. Which question measures which model, and
what its answers are worth, is in the catalog. Respondents' names, addresses and locations are not taken over.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources import values
from pipelines.sources.spec import Column, Expectation, Format, Names, Source, Table

_SURVEY_KEY = r"""coalesce(
            nullif(regexp_extract(_path, '(SV_[A-Za-z0-9]+)', 1), ''),
            nullif(parse_path(_path)[-2], 'qualtrics'),
            trim(regexp_replace(
                regexp_extract(parse_filename(_path), '^[^.]+'),
                '[_ +-]+([A-Z][a-z]+[ +]\d{1,2},[ +])?\d{4}[-_+ 0-9]*$', ''
            ))
        )"""
"""The export does not say which survey it is of: its path does. The survey's id anywhere in it, else its folder, else
the file's name less the date that Qualtrics puts behind it."""

_HEADER = "contains(\"StartDate\", 'ImportId')"
"""The third header row: for each column, as JSON, where it comes from, and the zone of its times."""


def _header_value(cell: str, key: str) -> str:
    """What a cell of the third header row says of `key`, also where programs have rewritten or cut its JSON."""
    return f"""nullif(regexp_extract({cell}, '\\W{key}\\W+([A-Za-z0-9_/+-]+)', 1), '')"""


def _instant(column: str, zone: str) -> str:
    """The instant in `column`: naive in the zone the header names (the exporter's own), else UTC.

    A zone that nobody knows makes it text that is no instant, so that the row is set aside.
    """
    return f"""case
            when {zone} is null or regexp_matches({column}, '(Z|[+-]\\d\\d:?\\d\\d)$') then {column}
            when {zone} in (select name from pg_timezone_names())
            then coalesce(
                cast(({values.instant(column)} at time zone {zone}) at time zone 'UTC' as varchar), {column}
            )
            else {column} || ' in the unknown time zone ' || {zone}
        end"""


_TRUE = (
    "wahr", "ja", "vrai", "oui", "verdadero", "sí", "si", "verdadeiro", "sim", "vero", "sì", "waar", "sant", "sand",
    "sandt", "tosi", "kyllä", "prawda", "tak", "igaz", "igen", "doğru", "evet", "истина", "правда", "да", "真", "是",
    "正しい", "はい", "참", "예", "จริง", "đúng", "benar", "ano", "pravda", "áno", "da", "adevărat", "αληθές", "ναι",
    "נכון", "כן", "صحيح", "نعم", "cert",
)  # fmt: skip
_FALSE = (
    "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee", "usant", "falskt", "falsk", "nej", "nei",
    "epätosi", "ei", "fałsz", "nie", "hamis", "nem", "yanlış", "hayır", "ложь", "нет", "假", "否", "誤り", "いいえ",
    "거짓", "아니요", "아니오", "เท็จ", "sai", "salah", "tidak", "ne", "nepravda", "fals", "nu", "ψευδές", "όχι",
    "לא נכון", "לא", "خطأ", "لا",
)  # fmt: skip
"""How an export with choice texts says True and False, in the language of who exports it; English is everybody's."""


def _listed(texts: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{text}'" for text in dict.fromkeys(texts)) + ")"


# Progress is a number in every language. What neither of them says passes through, so that the row is
# quarantined.
_FINISHED = f"""case
            when {values.boolean('"Finished"')} is not null then cast({values.boolean('"Finished"')} as varchar)
            when lower(trim("Finished")) in {_listed(_TRUE)} then 'true'
            when lower(trim("Finished")) in {_listed(_FALSE)} then 'false'
            when nullif(trim("Finished"), '') is not null and try_cast("Progress" as double) is not null
                then case when try_cast("Progress" as double) >= 100 then 'true' else 'false' end
            else nullif(trim("Finished"), '')
        end"""

_PARTS = f"""
    headers as (
        select
            any_value(_raw) filter ({_HEADER}) as raw,
            any_value("StartDate") filter ({_HEADER}) as start_header,
            any_value("EndDate") filter ({_HEADER}) as end_header,
            any_value("RecordedDate") filter ({_HEADER}) as recorded_header
        from rows
        where _row <= 2
    ),
    zones as (
        select
            *,
            {_header_value("start_header", "timeZone")} as start_zone,
            {_header_value("coalesce(end_header, start_header)", "timeZone")} as end_zone,
            {_header_value("coalesce(recorded_header, start_header)", "timeZone")} as recorded_zone
        from headers
    ),
    timed as (
        select
            rows.*,
            {_SURVEY_KEY} as survey_key,
            {_instant('"StartDate"', "zones.start_zone")} as started_at,
            {_instant('"EndDate"', "zones.end_zone")} as submitted_at,
            {_instant('"RecordedDate"', "zones.recorded_zone")} as recorded_at
        from rows cross join zones
        -- Below the columns' names two rows may follow, one or none: the questions' texts and the JSON.
        where
            rows._row > 2
            or starts_with("ResponseId", 'R_')
            or try_cast("EndDate" as timestamp) is not null
            or not ({_HEADER} or "ResponseId" is null or "EndDate" is null or regexp_matches("EndDate", '^\\D+$'))
    )"""

_RESPONSES = f"""
    with
    {_PARTS}
    select
        _row, _raw, survey_key,
        "ResponseId" as response_id,
        "Status" as status,
        {_FINISHED} as is_finished,
        "DistributionChannel" as distribution_channel,
        started_at, submitted_at, recorded_at
    from timed
"""

_ANSWERS = f"""
    with
    {_PARTS},
    questions as (
        select header.key as column_name, {_header_value("header.value", "ImportId")} as question_id
        from (select unnest(map_entries(cast(cast(raw as json) as map(varchar, varchar)))) as header from headers)
        where {_header_value("header.value", "ImportId")} like 'QID%'
    ),
    cells as (
        select
            _row, _raw, survey_key, "ResponseId" as response_id, submitted_at, recorded_at,
            unnest(map_entries(cast(cast(_raw as json) as map(varchar, varchar)))) as cell
        from timed
    )
    select
        _row, _raw, survey_key, response_id, submitted_at, recorded_at,
        -- Exports of old have no third row: the column is the question.
        coalesce(questions.question_id, cell.key) as question_id,
        cell.key as question_name,
        cell.value as answer
    from cells
    left join questions on cells.cell.key = questions.column_name
    where
        cell.value is not null
        and (
            questions.question_id is not null
            or (regexp_matches(cell.key, '^Q[0-9]') and not exists (from questions))
        )
"""

_SURVEY = Column(
    "survey_key", "VARCHAR", "The survey: its id (`SV_…`) or the folder or file it was exported to.", required=True
)
_RESPONSE = Column("response_id", "VARCHAR", "Qualtrics' id of the response (`R_…`).", required=True)
_SUBMITTED = Column("submitted_at", "TIMESTAMP", "When it was submitted, or last touched (`EndDate`).", required=True)
_RECORDED = Column("recorded_at", "TIMESTAMP", "When Qualtrics recorded it: later where it was offline or partial.")

SOURCE = Source(
    name="qualtrics",
    title="Qualtrics",
    description="Survey responses exported from Qualtrics as CSV, with choice texts or numeric values.",
    owner="product-analytics",
    glob=("qualtrics/**/*",),
    tables=(
        Table(
            name="responses",
            description="One row per response as delivered; exports overlap, so one may be there several times.",
            columns=(
                _SURVEY,
                _RESPONSE,
                Column("status", "VARCHAR", "IP Address (0), Survey Preview (1), Imported (4), Spam (8), …"),
                Column(
                    "is_finished",
                    "BOOLEAN",
                    "Whether it was finished (`Finished`, in whatever language; where that is not understood, by "
                    "`Progress`); null where the export does not say.",
                ),
                Column("distribution_channel", "VARCHAR", "email, anonymous, preview, …"),
                Column("started_at", "TIMESTAMP", "When it was begun.", incidental=True),
                _SUBMITTED,
                _RECORDED,
            ),
            key=("survey_key", "response_id", "recorded_at"),
            day="submitted_at",
            touched=("recorded_at",),
            expectations=(
                Expectation(
                    "responses that say whether they are finished",
                    "avg(case when is_finished is null then 0.0 else 1.0 end)",
                    "most responses do not say whether they are finished: the export lost its columns",
                    low=0.5,
                    share_of="count(*)",
                ),
            ),
            covers_range=True,
        ),
        Table(
            name="answers",
            description="One row per delivered response and question that it answers.",
            columns=(
                _SURVEY,
                _RESPONSE,
                Column("question_id", "VARCHAR", "The question's id (`QID1`); it outlives a rename.", required=True),
                Column("question_name", "VARCHAR", "Its column in this export.", free=True),
                Column(
                    "answer",
                    "VARCHAR",
                    "The answer: a choice's text or number, or free text.",
                    required=True,
                    free=True,
                ),
                _SUBMITTED,
                _RECORDED,
            ),
            key=("survey_key", "response_id", "question_id", "recorded_at"),
            day="submitted_at",
        ),
    ),
    formats=(
        Format(
            name="Qualtrics CSV export",
            container="csv",
            requires=("StartDate", "EndDate", "Status", "Finished", "ResponseId"),
            named_by=_SURVEY_KEY,
            optional=("RecordedDate", "DistributionChannel", "Progress"),
            select={"responses": _RESPONSES, "answers": _ANSWERS},
            skips="select _row, 'a header row' as _reason from rows where _row <= 2",
        ),
    ),
    # A response left open is recorded a week or more after it was last touched.
    late=timedelta(days=14),
    fresh_within=timedelta(days=8),
    day_by="rows",
    role="surveys",
    names=(Names("responses", "survey", "survey_key"),),
)

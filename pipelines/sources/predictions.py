"""Predictions and what turned out: every prediction a model logged, and the labels and reviews that came later.

Our own prediction log (docs/prediction-log.md), SageMaker Data Capture with its ground truth, and NannyML's tables.
Which model a logged name means, which class counts as positive and which attributes make cohorts is the catalog's
to say: rows are only read and validated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pipelines.sources.spec import Column, Container, Expectation, Format, Names, Notation, Rule, Source, Table

LABEL_SOURCES = ("holdout", "production", "human_review", "ground_truth")

PREDICTIONS = Table(
    name="predictions",
    description="One row per prediction as logged; one delivered twice is two rows.",
    columns=(
        Column("prediction_id", "VARCHAR", "What its label will name; a model's own, once a day.", required=True),
        Column("predicted_at", "TIMESTAMP", "When it was made.", required=True),
        Column("model_name", "VARCHAR", "The model as the log calls it.", required=True),
        Column("model_version", "VARCHAR", "Its version, as logged."),
        Column("endpoint", "VARCHAR", "Where it was reached."),
        Column(
            "environment",
            "VARCHAR",
            "prod, shadow, staging …; holdout where a version was evaluated before it served; not logged means prod.",
        ),
        Column(
            "score",
            "DOUBLE",
            "Probability of the positive class; of several classes, of the one predicted.",
        ),
        Column(
            "prediction",
            "VARCHAR",
            "The class, the value, or the ranked items as a JSON list; null where only a score was logged.",
            category=True,
        ),
        Column(
            "scores",
            "VARCHAR",
            "Probability of every class, as a JSON object; null where only the predicted one's was logged.",
        ),
        Column("cohorts", "VARCHAR", "Attributes that make cohorts, as a JSON object."),
    ),
    key=("prediction_id", "model_name", "predicted_at"),
    day="predicted_at",
    rules=(
        Rule("prediction_id <> ''", "prediction_id is empty"),
        Rule("model_name <> ''", "model_name is empty"),
        Rule("score is not null or prediction is not null", "neither score nor prediction is given"),
        Rule("isfinite(score)", "score is not a finite number"),
        Rule("json_valid(scores)", "scores is not valid JSON"),
        Rule("json_valid(cohorts)", "cohorts is not valid JSON"),
    ),
    expectations=(
        Expectation(
            "attribute_sets",
            "approx_count_distinct(cohorts)::double / greatest(count(*), 10000)",
            "almost every prediction is a cohort of its own: `cohorts` probably holds features or ids",
            high=0.5,
        ),
    ),
)  # fmt: skip

LABELS = Table(
    name="labels",
    description="One row per label or review as delivered; a later one of the same source corrects an earlier one.",
    columns=(
        Column("prediction_id", "VARCHAR", "The prediction it is about.", required=True),
        Column("labelled_at", "TIMESTAMP", "When it became known.", required=True),
        Column(
            "label",
            "VARCHAR",
            "The class, the value, or the relevant items as a JSON list.",
            required=True,
            category=True,
        ),
        Column("label_source", "VARCHAR", f"{', '.join(LABEL_SOURCES)}; not said means production."),
        Column("model_name", "VARCHAR", "The model, where ids of several models may be the same."),
    ),
    key=("prediction_id", "label_source", "labelled_at"),
    day="labelled_at",
    rules=(
        Rule("prediction_id <> ''", "prediction_id is empty"),
        Rule(f"label_source in {LABEL_SOURCES}", f"label_source is none of {', '.join(LABEL_SOURCES)}"),
    ),
)  # fmt: skip

_PREDICTION_COLUMNS = {
    "prediction_id": "prediction_id", "timestamp": "predicted_at", "model_name": "model_name",
    "model_version": "model_version", "endpoint": "endpoint", "environment": "environment", "score": "score",
    "prediction": "prediction", "scores": "scores", "cohorts": "cohorts",
}  # fmt: skip
"""Column of our prediction log → column of `predictions`."""
_PREDICTION_REQUIRED = ("prediction_id", "timestamp", "model_name")
_LABEL_COLUMNS = {name: name for name in LABELS.column_names}
_LABEL_REQUIRED = ("prediction_id", "labelled_at", "label")


def _parquet_value(logged: str) -> str:
    """A Parquet column unchanged; a list, a map or a struct as its JSON."""
    if logged not in ("cohorts", "prediction", "scores", "label"):
        return f'"{logged}"'
    nested = f"regexp_matches(typeof(\"{logged}\"), '^(MAP|STRUCT|JSON)|\\]$')"
    return f'case when {nested} then cast(to_json("{logged}") as varchar) else cast("{logged}" as varchar) end'


def _formats(name: str, table: str, columns: Mapping[str, str], required: tuple[str, ...]) -> tuple[Format, ...]:
    """Our own layout in the three containers."""
    optional = tuple(column for column in columns if column not in required)
    structure = ", ".join(f'"{column}": "VARCHAR"' for column in columns)
    texts = ", ".join(f't."{column}" as {target}' for column, target in columns.items())
    flat = ", ".join(f'"{column}" as {target}' for column, target in columns.items())
    values = ", ".join(f"{_parquet_value(column)} as {target}" for column, target in columns.items())
    selects: dict[Container, str] = {
        "parquet": f"select {values}, _row, _raw from rows",
        "json": f"select {texts}, _row, _raw "
        f"from (select _row, _raw, from_json(doc, '{{{structure}}}') as t from rows)",
        "csv": f"select {flat}, _row, _raw from rows",
    }
    return tuple(
        Format(
            name=f"{name}_{container}",
            container=container,
            requires=tuple(f"$.{column}" for column in required) if container == "json" else required,
            optional=tuple(f"$.{column}" for column in optional) if container == "json" else optional,
            select={table: select},
            writing=Notation("."),
            renames=(table, columns) if container == "parquet" else None,
        )
        for container, select in selects.items()
    )


_STEM = "regexp_extract(_path, '([^/]+?)(\\.[A-Za-z]+)+$', 1)"
_VARIANT = "regexp_extract(_path, '([^/]+)/([^/]+)/20\\d\\d/\\d\\d/\\d\\d/\\d\\d/', ['endpoint', 'variant'])"
_HOUR = "regexp_extract(_path, '/(20\\d\\d)/(\\d\\d)/(\\d\\d)/(\\d\\d)/', ['y', 'm', 'd', 'h'])"


def _payload(at: str) -> str:
    """SageMaker's payload as text: `encoding` says whether it is Base64."""
    data, encoding = (f"json_extract_string(doc, '$.{at}.{key}')" for key in ("data", "encoding"))
    return f"case when upper({encoding}) = 'BASE64' then try(decode(from_base64({data}))) else {data} end"


def _answers(payload: str) -> str:
    """What a payload answers, as a list of JSON values, one a record of the batch; null where it is of no shape known.

    JSON holds its records in a list: in itself, under `predictions`, `outputs`, `results` or `instances`, or under the
    only key it has; JSON lines and CSV hold one a line.
    """
    lists = ", ".join(
        f"case json_type(whole, '$.{key}') when 'ARRAY' then json_extract(whole, '$.{key}[*]') end"
        for key in ("predictions", "outputs", "results", "instances")
    )
    return f"""
    lined as (
        select *, list_filter(string_split_regex(trim({payload}), '\\s*\\n\\s*'), lambda l: l <> '') as lines,
            try_cast(trim({payload}) as json) as whole
        from captured
    ),
    listed as (
        select *, case
            when json_type(whole) = 'ARRAY' then json_extract(whole, '$[*]')
            when json_type(whole) = 'OBJECT' then coalesce(
                {lists},
                case when len(json_keys(whole)) = 1 and json_type(whole -> json_keys(whole)[1]) = 'ARRAY'
                    then cast(whole -> json_keys(whole)[1] as json[]) end,
                [whole]
            )
            when whole is not null then [whole]
            else list_transform(lines, lambda l: coalesce(try_cast(l as json), to_json(trim(l, '"'))))
        end as answers
        from lined
    ),
    answered as (
        select * exclude (answers), unnest(answers) as answer, generate_subscripts(answers, 1) as place,
            len(answers) as batch
        from (select * replace (case when len(answers) > 0 then answers else [null::json] end as answers) from listed)
    ),
    -- A record's only value may be wrapped in a list of its own.
    read as (
        select * replace (
            case when json_type(answer) = 'ARRAY' and json_array_length(answer) = 1 then answer -> 0 else answer end
            as answer
        ), case when batch = 1 then '' else '#' || place end as part
        from answered
    )"""


def _keyed(*keys: str) -> str:
    found = ", ".join(f"json_extract_string(answer, '$.{key}')" for key in keys)
    return f"coalesce({found})"


_CLASS = _keyed("predicted_label", "prediction", "predicted_class", "predicted_value", "label", "class", "y_pred")
_SCORE = _keyed("score", "probability", "confidence", "proba", "y_pred_proba")
# A text with a comma or a bracket is a row of several values, or a payload that nobody could read: never a class.
_PLAIN = "case when json_type(answer) not in ('ARRAY', 'OBJECT') then json_extract_string(answer, '$') end"
_VALUE = f"case when not regexp_matches({_PLAIN}, '[,;|\\[\\]{{}}\\x00-\\x1f]') then {_PLAIN} end"
# Autopilot writes a class and its probability.
_PAIR = (
    "case when json_type(answer) = 'VARCHAR' then regexp_extract(json_extract_string(answer, '$'), "
    "'^ *\"?([^,\"]*[^,\"0-9. ][^,\"]*)\"? *, *([01]?\\.[0-9]+(?:[eE]-[0-9]+)?|[01]) *$', ['class', 'score']) end"
)

SAGEMAKER_CAPTURE = Format(
    name="sagemaker_data_capture",
    container="json",
    requires=("$.captureData.endpointOutput", "$.eventMetadata.eventId"),
    named_by=_VARIANT,
    select={
        # The files lie under <endpoint>/<variant>/yyyy/mm/dd/hh/. One number is a score or a value: both columns
        # hold it, and the model's task says which is read. Of a batch each record is a prediction, `<id>#1` onwards.
        "predictions": f"""
    with captured as (
        select _row, _raw, _path, {_payload("captureData.endpointOutput")} as payload,
            json_extract_string(doc, '$.eventMetadata.eventId') as event_id,
            json_extract_string(doc, '$.eventMetadata.inferenceId') as inference_id,
            json_extract_string(doc, '$.eventMetadata.inferenceTime') as inferred_at
        from rows
    ),
    {_answers("payload")},
    parsed as (
        select *, {_VALUE} as plain, ({_PAIR}) as pair, {_CLASS} as named, {_SCORE} as scored from read
    )
    select coalesce(inference_id, event_id) || part as prediction_id, inferred_at as predicted_at,
        ({_VARIANT}).endpoint as model_name, ({_VARIANT}).variant as model_version,
        null as endpoint, null as environment,
        try_cast(coalesce(scored, nullif(pair.score, ''), trim(plain)) as double) as score,
        coalesce(
            named, nullif(pair.class, ''),
            case when not coalesce(try_cast(trim(plain) as double) between 0 and 1, false) then trim(plain) end
        ) as prediction,
        null as scores, null as cohorts, _row, _raw
    from parsed"""
    },
)

SAGEMAKER_GROUND_TRUTH = Format(
    name="sagemaker_ground_truth",
    container="json",
    requires=("$.groundTruthData.data", "$.eventMetadata.eventId"),
    named_by=_HOUR,
    select={
        # It says no time of its own: the hour it was uploaded for is its path's.
        "labels": f"""
    with captured as (
        select _row, _raw, _path, {_payload("groundTruthData")} as payload,
            json_extract_string(doc, '$.eventMetadata.eventId') as event_id
        from rows
    ),
    {_answers("payload")}
    select event_id || part as prediction_id,
        try_cast(({_HOUR}).y || '-' || ({_HOUR}).m || '-' || ({_HOUR}).d || ' ' || ({_HOUR}).h || ':00:00' as timestamp)
            as labelled_at,
        coalesce({_CLASS}, {_VALUE}) as label, 'ground_truth' as label_source,
        null as model_name, _row, _raw
    from read"""
    },
)

NANNYML = Format(
    name="nannyml_predictions",
    container="csv",
    writing=Notation("."),
    requires=("id", "timestamp", "y_pred"),
    optional=("y_pred_proba",),
    named_by=_STEM,
    select={
        "predictions": f"""
    select id as prediction_id, "timestamp" as predicted_at,
        {_STEM} as model_name, null as model_version, null as endpoint, null as environment,
        y_pred_proba as score, y_pred as prediction, null as scores, null as cohorts, _row, _raw
    from rows"""
    },
)

SOURCE = Source(
    name="predictions",
    title="Predictions and labels",
    description="What the models predicted, one by one, and the labels and human reviews that came later.",
    owner="ml-platform",
    glob=("predictions/**/*",),
    tables=(PREDICTIONS, LABELS),
    formats=(
        *_formats("prediction_log", "predictions", _PREDICTION_COLUMNS, _PREDICTION_REQUIRED),
        *_formats("label_log", "labels", _LABEL_COLUMNS, _LABEL_REQUIRED),
        SAGEMAKER_CAPTURE,
        SAGEMAKER_GROUND_TRUTH,
        NANNYML,
    ),
    late=timedelta(days=3),
    external=("predictions", "labels"),
    role="predictions",
    identifiers=("model_name", "endpoint"),
    names=(
        Names("predictions", "model_name", "model_name"),
        Names("predictions", "endpoint", "endpoint"),
    ),
)

"""Langfuse's observations: pages of its API, and the files of its blob storage export.

A generation is a model call, counted at the leaf as in `otlp`; what lies above another call, in its file or in another
one of the day, is dropped. Langfuse's ids are those of the spans it was sent, so a call that an OTLP file has too is
counted once. Scores and traces are recognised and skipped. Costs are not read: what was spent, the vendor's bill says.

Latency is the difference of two times and never the field `latency`, which exports set up before April 2026 have in
milliseconds, later ones in seconds (https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields).
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources import values
from pipelines.sources.serving_logs.otlp import USAGE_KEYS, usage_count
from pipelines.sources.serving_logs.reduction import above
from pipelines.sources.serving_logs.tables import REQUESTS, whole_input
from pipelines.sources.spec import Format, Notation, Paging

_EXPORTED = {
    "id": "id", "trace_id": "trace_id", "type": "type", "started": "start_time", "ended": "end_time",
    "parent": "parent_observation_id", "first_token": "completion_start_time", "model": "provided_model_name",
    "usage": "usage_details", "environment": "environment", "level": "level", "message": "status_message",
    "version": "version", "trace_name": "trace_name",
}  # fmt: skip
"""What is read → the column of an export; the API's field is the same in camelCase."""
_REQUIRED = ("id", "trace_id", "type", "start_time", "end_time")
_OPTIONAL = tuple(column for column in _EXPORTED.values() if column not in _REQUIRED)


def _camel(column: str) -> str:
    first, *others = column.split("_")
    return first + "".join(word.capitalize() for word in others)


_OF_PAGE = {name: f"doc ->> '$.{_camel(column)}'" for name, column in _EXPORTED.items()}
# Pages of the API before v2 call it `model`.
_OF_PAGE["model"] = "coalesce(doc ->> '$.providedModelName', doc ->> '$.model')"
_OF_LINE = {name: f"doc ->> '$.{column}'" for name, column in _EXPORTED.items()}
_LEVELS = "('', 'DEBUG', 'DEFAULT', 'WARNING')"
_CODE = r"(?i)(?:error code|status|status[ _]code|http)\W{1,4}([45][0-9]{2})\b"


def _observations(read: Mapping[str, str]) -> str:
    """The file's observations; an agent is a call where it names a model or tokens, and lies above no other call."""
    texts = ", ".join(f"nullif(cast({sql} as varchar), '') as {name}" for name, sql in read.items() if name != "usage")
    tokens = ", ".join(f"{usage_count(name)} as {name}" for name in USAGE_KEYS)
    return f"""
    -- Usage is a map in Parquet, and text elsewhere.
    texts as (select _row, _raw, _latest, {texts}, try_cast({read["usage"]} as json) as usage from rows),
    observations as (
        select *, {tokens},
            {values.instant("started")} as started_at,
            {values.instant("ended")} as ended_at,
            {values.instant("first_token")} as first_token_at
        from texts
    ),
    sorted as (
        select *, coalesce(
            upper(type) = 'GENERATION' or upper(type) = 'AGENT' and coalesce(model, output_tokens) is not null, false
        ) as is_counted
        from observations
    ),
    calls as (select trace_id, parent as parent_span_id from sorted where is_counted and parent is not null),
    links as (select trace_id, id as span_id, parent as parent_span_id from sorted where parent is not null),
    above as ({above("calls", "links")})"""


def _requests(read: Mapping[str, str]) -> str:
    input_tokens, cached, written = (
        f"try_cast({name} as bigint)" for name in ("input_tokens", "read_tokens", "written_tokens")
    )
    return f"""
    with {_observations(read)}
    select
        trace_id || '/' || id as request_id, started as requested_at, model as model_name, version as model_version,
        trace_name as endpoint,
        -- What the SDK writes where no environment is set.
        nullif(environment, 'default') as environment,
        null as region, null as instance_type,
        case when upper(level) = 'ERROR' then 'error'
            when coalesce(upper(level), '') in {_LEVELS} then 'success' else level end as status,
        case when upper(level) = 'ERROR' then coalesce(message, 'ERROR') end as error_type,
        case when upper(level) = 'ERROR' then nullif(regexp_extract(message, '{_CODE}', 1), '') end as http_status,
        1 as attempt, false as is_health_check, 1 as predictions,
        cast(epoch_us(ended_at) - epoch_us(started_at) as double) / 1000 as latency_ms,
        cast(epoch_us(first_token_at) - epoch_us(started_at) as double) / 1000 as ttft_ms,
        null as busy_ms,
        coalesce(cast({whole_input(input_tokens, cached, written)} as varchar), input_tokens) as input_tokens,
        output_tokens, read_tokens as cached_input_tokens,
        trace_id, id as span_id, _row, _raw
    from sorted
    where is_counted and (trace_id, id) not in (select (trace_id, span_id) from above)"""


def _links(read: Mapping[str, str]) -> str:
    # All of them: an export cuts traces into files by time, so that a call may lie in another one.
    return f"""
    with {_observations(read)}
    select trace_id, id as span_id, parent as parent_span_id, started as started_at, _row, _raw
    from sorted
    where parent is not null and id is not null and trace_id is not null
        and started_at between timestamp '1990-01-01' and _latest"""


def _selects(read: Mapping[str, str]) -> dict[str, str]:
    return {"requests": _requests(read), "spans": _links(read)}


def _skips(kind: str) -> str:
    return f"select _row, 'no model call of its own: ' || coalesce({kind}, 'no type') as _reason from rows"


_NOTHING = f"select _row, _raw, {', '.join(f'null as {c}' for c in REQUESTS.column_names)} from rows where false"


def _skipped(name: str, columns: tuple[str, ...], reason: str) -> tuple[Format, ...]:
    """The formats of an export's files that are recognised and not read."""
    skips = f"select _row, '{reason}' as _reason from rows"
    of_lines = Format(
        name=f"{name}_json",
        container="json",
        requires=tuple(f"$.{column}" for column in columns),
        select={"requests": _NOTHING},
        skips=skips,
    )
    return (
        of_lines,
        Format(
            name=f"{name}_parquet", container="parquet", requires=columns, select={"requests": _NOTHING}, skips=skips
        ),
        Format(name=f"{name}_csv", container="csv", requires=columns, select={"requests": _NOTHING}, skips=skips),
    )


PAGES = "langfuse_api_observations"
"""The format of the API's pages."""

FORMATS = (
    Format(
        name=PAGES,
        container="json",
        records=("$.data",),
        requires=tuple(f"$.{_camel(column)}" for column in _REQUIRED),
        optional=tuple(f"$.{_camel(column)}" for column in _OPTIONAL),
        select=_selects(_OF_PAGE),
        skips=_skips("(doc ->> '$.type')"),
        paging=Paging(
            is_last="""case
                when json_exists(page, '$.meta.totalPages')
                    then (page ->> '$.meta.page')::bigint >= (page ->> '$.meta.totalPages')::bigint
                when json_exists(page, '$.meta') then coalesce(page ->> '$.meta.cursor', '') = ''
            end"""
        ),
    ),
    Format(
        name="langfuse_export_json",
        container="json",
        requires=tuple(f"$.{column}" for column in _REQUIRED),
        optional=tuple(f"$.{column}" for column in _OPTIONAL),
        select=_selects(_OF_LINE),
        skips=_skips("(doc ->> '$.type')"),
    ),
    Format(
        name="langfuse_export_parquet",
        container="parquet",
        requires=_REQUIRED,
        optional=_OPTIONAL,
        select=_selects(_EXPORTED),
        skips=_skips("type"),
    ),
    Format(
        name="langfuse_export_csv",
        container="csv",
        writing=Notation("."),
        requires=_REQUIRED,
        optional=_OPTIONAL,
        select=_selects(_EXPORTED),
        skips=_skips("type"),
    ),
    *_skipped(
        "langfuse_scores",
        ("id", "trace_id", "name", "value", "data_type", "source"),
        "a score, which is no model call",
    ),
    *_skipped(
        "langfuse_traces",
        ("id", "timestamp", "name", "bookmarked", "tags"),
        "a trace; its observations are read",
    ),
)

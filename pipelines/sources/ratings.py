"""Ratings and decisions in the product: what users think of an answer, and whether people override a model.

The log's shape is ours (`docs/feedback-log.md`). Which model a name in it is, the catalog says; users stay opaque.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources import values
from pipelines.sources.spec import Column, Expectation, Format, Names, Rule, Source, Table

_RATING = ("rating_id", "rated_at", "model", "kind", "value", "user_id", "comment", "recorded_at")
_DECISION = ("decision_id", "decided_at", "model", "overridable", "was_overridden", "reason", "recorded_at")
_KIND = "lower(trim(kind))"
_UP = "('up', '+1', 'thumbs_up', 'thumbsup', 'positive', 'like', 'good', '👍')"
_DOWN = "('down', '-1', '-1.0', 'thumbs_down', 'thumbsdown', 'negative', 'dislike', 'bad', '👎')"
_THUMBS = f"""case
            when {_KIND} = 'thumbs' and (lower(trim(value)) in {_UP} or {values.boolean("value")}) then '1'
            when {_KIND} = 'thumbs' and (lower(trim(value)) in {_DOWN} or not {values.boolean("value")}) then '0'
            -- Only a value that is empty takes a rating back: one that is no number is quarantined as such.
            when {values.missing("value")} and value <> '' then 'no value: ' || value
            else value
        end"""


def _of_document(fields: tuple[str, ...]) -> str:
    read = ", ".join(f"nullif(doc ->> '$.{field}', '') as {field}" for field in fields)
    return f"(select _row, _raw, {read} from rows)"


def _ratings(relation: str) -> str:
    return f"""
    with logged as (select * from {relation})
    select
        _row, _raw, rating_id, model as model_name, {_KIND} as kind, user_id, comment, rated_at, recorded_at,
        {_THUMBS} as score
    from logged
    """


def _decisions(relation: str) -> str:
    return f"""
    with logged as (select * from {relation})
    select
        _row, _raw, decision_id, model as model_name, reason, overridable as is_overridable,
        case when {values.missing("was_overridden")} then 'false' else was_overridden end as is_overridden,
        decided_at, recorded_at
    from logged
    """


SOURCE = Source(
    name="ratings",
    title="In-app ratings and overrides",
    description="Thumbs and stars given in the product, and decisions that people accepted or overridden.",
    owner="product-analytics",
    glob=("ratings/**/*",),
    tables=(
        Table(
            name="ratings",
            description="One row per rating as delivered; one changed, taken back or resent is there several times.",
            columns=(
                Column("rating_id", "VARCHAR", "Identifies the rating among those of a model.", required=True),
                Column("model_name", "VARCHAR", "The model, as the product calls it.", required=True),
                Column("kind", "VARCHAR", "thumbs or stars.", required=True),
                Column("score", "DOUBLE", "0 or 1 for thumbs, 1 to 5 for stars; null where the rating was taken back."),
                Column("user_id", "VARCHAR", "An opaque id of who rated."),
                Column("comment", "VARCHAR", "What they wrote beside it.", free=True),
                Column("rated_at", "TIMESTAMP", "When it was given.", required=True),
                Column("recorded_at", "TIMESTAMP", "When the log took it in: later from a device that was offline."),
            ),
            key=("model_name", "rating_id", "recorded_at"),
            day="rated_at",
            touched=("recorded_at",),
            rules=(
                Rule("kind in ('thumbs', 'stars')", "kind is neither thumbs nor stars"),
                Rule("kind <> 'thumbs' or score in (0, 1)", "a thumb is neither up nor down"),
                Rule("kind <> 'stars' or score between 1 and 5", "stars are not from 1 to 5"),
            ),
            expectations=(
                # What is taken back was given before, under its id and its day: of a whole log no more than half.
                Expectation(
                    "ratings taken back",
                    "avg(case when score is null then 1.0 else 0.0 end)",
                    "most ratings are without a value: the export has lost it",
                    high=0.5,
                    share_of="count(*)",
                ),
            ),
        ),
        Table(
            name="decisions",
            description="One row per decision as delivered; one overridden later is delivered again.",
            columns=(
                Column("decision_id", "VARCHAR", "Identifies the decision among those of a model.", required=True),
                Column("model_name", "VARCHAR", "The model that decided or suggested.", required=True),
                Column("is_overridable", "BOOLEAN", "Whether a person could override it.", required=True),
                Column("is_overridden", "BOOLEAN", "Whether a person did.", required=True),
                Column("reason", "VARCHAR", "Why, as the product's list of reasons has it.", free=True),
                Column("decided_at", "TIMESTAMP", "When the model decided.", required=True),
                Column("recorded_at", "TIMESTAMP", "When this state of it was logged."),
            ),
            key=("model_name", "decision_id", "recorded_at"),
            day="decided_at",
            touched=("recorded_at",),
            rules=(Rule("is_overridable or not is_overridden", "was overridden though nobody could override it"),),
            expectations=(
                Expectation(
                    "overridden decisions",
                    "avg(case when is_overridden then 1.0 else 0.0 end) filter (where is_overridable)",
                    "nearly every decision is overridden: the export has lost those that were accepted",
                    high=0.98,
                    share_of="count(*) filter (where is_overridable)",
                ),
            ),
        ),
    ),
    formats=(
        Format(
            name="ratings log, JSON",
            container="json",
            requires=("$.rating_id", "$.rated_at", "$.model", "$.kind", "$.value"),
            optional=tuple(f"$.{column}" for column in _RATING[5:]),
            select={"ratings": _ratings(_of_document(_RATING))},
        ),
        Format(
            name="ratings log, CSV",
            container="csv",
            requires=_RATING[:5],
            optional=_RATING[5:],
            select={"ratings": _ratings("rows")},
        ),
        Format(
            name="decisions log, JSON",
            container="json",
            requires=("$.decision_id", "$.decided_at", "$.model", "$.overridable"),
            optional=tuple(f"$.{column}" for column in _DECISION[4:]),
            select={"decisions": _decisions(_of_document(_DECISION))},
        ),
        Format(
            name="decisions log, CSV",
            container="csv",
            requires=_DECISION[:4],
            optional=_DECISION[4:],
            select={"decisions": _decisions("rows")},
        ),
    ),
    # A decision may be overridden days after it was made.
    late=timedelta(days=7),
    role="feedback",
    identifiers=("model_name",),
    names=(
        Names("ratings", "model_name", "model_name"),
        Names("decisions", "model_name", "model_name"),
    ),
)

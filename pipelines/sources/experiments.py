"""Experiments: who was assigned to what, what users then did, and outcomes of units where nothing was randomised.

What an export's columns are called, and nothing of what an experiment is: variations, metrics, covariates and windows
are declared in the catalog, first exposures and sums are made in dbt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from pipelines.sources.spec import Column, Container, Expectation, Format, Names, Rule, Source, Table

_AMOUNT: Final = "DECIMAL(18,6)"
_EXPERIMENT_ID: Final = Column("experiment_id", "VARCHAR", "The experiment's key, as logged.", required=True)

EXPOSURES: Final = Table(
    name="exposures",
    description="One row per exposure as delivered: a user met a variation; met again or delivered again, a row more.",
    columns=(
        _EXPERIMENT_ID,
        Column("user_id", "VARCHAR", "The unit that was assigned: a user, an account, a card.", required=True),
        Column("variation_id", "VARCHAR", "The variation it was assigned to, as logged.", required=True),
        Column("exposed_at", "TIMESTAMP", "When it met it.", required=True),
        Column("attributes", "JSON", "What else is said of the user; null where nothing is."),
    ),
    key=("experiment_id", "user_id", "variation_id", "exposed_at"),
    day="exposed_at",
    expectations=(
        Expectation(
            "one variant alone",
            "case when count(*) >= 1000 then count(distinct variation_id) end",
            "a thousand exposures and more, all of one variation: the export lost the other variant",
            low=2,
        ),
    ),
)

EVENTS: Final = Table(
    name="events",
    description="One row per event of a user that a metric may count, as delivered.",
    columns=(
        Column("event_id", "VARCHAR", "Identifies the event; null where the export has none."),
        Column("user_id", "VARCHAR", "The unit, by the id it is assigned by.", required=True),
        Column("event_name", "VARCHAR", "What happened; the catalog's metrics name it.", required=True),
        Column("event_at", "TIMESTAMP", "When it happened.", required=True),
        Column("amount", _AMOUNT, "How much, in the event's own unit; null where an event is only counted."),
    ),
    key=("event_id",),
    day="event_at",
    # Sums of squares over all users are kept exact: they hold a million users of so much each.
    rules=(Rule("abs(amount) < 1e10", "value is 10,000,000,000 or more: what one event is worth is less"),),
)

OUTCOMES: Final = Table(
    name="outcomes",
    description="One row per unit (site, depot, branch), day and metric of a panel.",
    columns=(
        _EXPERIMENT_ID,
        Column("unit_id", "VARCHAR", "The unit: what was treated or was not.", required=True),
        Column("metric_id", "VARCHAR", "What was measured, by the metric's id in the catalog.", required=True),
        Column("outcome_date", "DATE", "The day it was measured for.", required=True),
        Column("outcome", _AMOUNT, "What was measured.", required=True),
        Column("treated_from_date", "DATE", "First day the unit was treated; null: never."),
    ),
    key=("experiment_id", "unit_id", "metric_id", "outcome_date"),
    day="outcome_date",
    rules=(Rule("treated_from_date > date '1970-01-01'", "treated_from lies before any model"),),
)


UNITS: Final = Table(
    name="units",
    description="One row per unit (case, customer, member of staff) and metric of a study that sees each unit once.",
    columns=(
        _EXPERIMENT_ID,
        Column("unit_id", "VARCHAR", "The unit: what was treated or was not.", required=True),
        Column("metric_id", "VARCHAR", "What was measured, by the metric's id in the catalog.", required=True),
        Column("observed_date", "DATE", "The day its outcome was known.", required=True),
        Column("outcome", _AMOUNT, "What was measured.", required=True),
        Column("treatment", _AMOUNT, "1: treated, 0: not; or how much of it the unit got.", required=True),
        Column("instrument", _AMOUNT, "What moved the treatment and nothing else; null where nothing did."),
        Column("covariates", "JSON", "All other columns of the row: what the unit was before."),
    ),
    key=("experiment_id", "unit_id", "metric_id", "observed_date"),
    day="observed_date",
    rules=(Rule("treatment >= 0", "treatment is below 0"),),
)


def _flat(
    name: str,
    container: Container,
    table: str,
    columns: dict[str, str],
    optional: tuple[str, ...],
    others: str | None = None,
    instead: Mapping[str, str] = MappingProxyType({}),
) -> Format:
    """A file with the table's columns under other names (`columns`: the file's → the table's).

    `others`: the table's column that keeps whatever other columns the file has. `instead`: a column of the file → one
    that is read where it is empty, if the file has it.
    """

    def value(theirs: str) -> str:
        return f"nullif(doc ->> '$.\"{theirs}\"', '')" if container == "json" else f'"{theirs}"'

    values = {theirs: f"coalesce({value(theirs)}, {value(other)})" for theirs, other in instead.items()}
    picked = ", ".join(f"{values.get(theirs, value(theirs))} as {ours}" for theirs, ours in columns.items())
    optional = (*optional, *instead.values())
    if others is not None:
        named = ", ".join(f'"{theirs}": null' for theirs in (*columns, "_row", "_raw", "_path", "_latest"))
        row = "doc" if container == "json" else "to_json(rows)"
        # Merging null into a key takes it out (RFC 7396).
        picked += f", json_merge_patch({row}, '{{{named}}}') as {others}"
    required = tuple(theirs for theirs in columns if theirs not in optional)
    return Format(
        name=f"{name}_{container}",
        container=container,
        requires=tuple(f"$.{theirs}" for theirs in required) if container == "json" else required,
        optional=tuple(f"$.{theirs}" for theirs in optional) if container == "json" else optional,
        select={table: f"select _row, _raw, {picked} from rows"},
    )


_CONTAINERS: Final[tuple[Container, ...]] = ("csv", "json", "parquet")
_ASSIGNMENT: Final = {
    "timestamp": "exposed_at",
    "user_id": "user_id",
    "experiment_id": "experiment_id",
    "variation_id": "variation_id",
    "attributes": "attributes",
}
_EVENT: Final = {
    "timestamp": "event_at",
    "user_id": "user_id",
    "event_name": "event_name",
    "value": "amount",
    "event_id": "event_id",
}
_OUTCOME: Final = {
    "date": "outcome_date",
    "experiment_id": "experiment_id",
    "unit_id": "unit_id",
    "metric": "metric_id",
    "value": "outcome",
    "treated_from": "treated_from_date",
}
_UNIT: Final = {
    "date": "observed_date",
    "experiment_id": "experiment_id",
    "unit_id": "unit_id",
    "metric": "metric_id",
    "value": "outcome",
    "treatment": "treatment",
    "instrument": "instrument",
}
_STATSIG: Final = {
    "first_exposure_utc": "exposed_at",
    "name": "experiment_id",
    "experiment_group": "variation_id",
    "user_dimensions": "attributes",
}
_STATSIG_UNITS: Final = {"unit_id": None, "user_id": "stable_id", "stable_id": None}
"""Column of a `first_exposures` report that holds the unit → the one that does where it is empty. Reports that name the
unit as such have it in `unit_id`; others have the user, or the browser before anybody has logged in."""
_EPPO: Final = """
    select
        _row, _raw,
        doc ->> '$.timestamp' as exposed_at,
        doc ->> '$.subject' as user_id,
        doc ->> '$.experiment' as experiment_id,
        doc ->> '$.variation' as variation_id,
        doc -> '$.subjectAttributes' as attributes
    from rows
"""

SOURCE = Source(
    name="experiments",
    title="Experiments",
    description="Assignment logs (GrowthBook, Eppo, Statsig), users' metric events, and studies of treated units.",
    owner="experimentation",
    glob=("experiments/**/*.csv*", "experiments/**/*.json*", "experiments/**/*.parquet"),
    tables=(EXPOSURES, EVENTS, OUTCOMES, UNITS),
    formats=(
        *(_flat("assignments", c, "exposures", _ASSIGNMENT, ("attributes",)) for c in _CONTAINERS),
        *(
            _flat(
                f"statsig_exposures_by_{unit}",
                container,
                "exposures",
                {**_STATSIG, unit: "user_id"},
                ("user_dimensions",),
                instead={unit: other} if other else {},
            )
            for unit, other in _STATSIG_UNITS.items()
            for container in _CONTAINERS
        ),
        Format(
            name="eppo_assignments",
            container="json",
            requires=("$.experiment", "$.subject", "$.variation", "$.timestamp"),
            select={"exposures": _EPPO},
        ),
        *(_flat("events", c, "events", _EVENT, ("value", "event_id")) for c in _CONTAINERS),
        *(_flat("outcomes", c, "outcomes", _OUTCOME, ("treated_from",)) for c in _CONTAINERS),
        *(_flat("units", c, "units", _UNIT, ("instrument",), others="covariates") for c in _CONTAINERS),
    ),
    late=timedelta(days=7),
    role="experiments",
    names=(
        Names("exposures", "experiment", "experiment_id"),
        Names("outcomes", "experiment", "experiment_id"),
    ),
)

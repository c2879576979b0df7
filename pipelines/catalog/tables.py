"""The catalog as flat tables, loaded whole as `raw.catalog__<name>`: the only form SQL sees.

The tables' columns are declared once, here; what fills them comes from `types`. Loading them is the
warehouse's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, zip_longest
from types import MappingProxyType
from typing import Final, TypeVar

import pyarrow as pa

from pipelines.catalog.types import AsOf, Catalog, Entry, Feature, Quality, Roles, Scenario, Scenarios, Survey

_ARROW: Final[Mapping[str, pa.DataType]] = MappingProxyType(
    {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "BOOLEAN": pa.bool_(),
    }
)

Row = tuple[object, ...]
Spell = TypeVar("Spell", bound=AsOf)


@dataclass(frozen=True)
class CatalogColumn:
    """A column of a catalog table; `type` is a DuckDB type. `category`: a value that logs hold, written as they are."""

    name: str
    type: str
    description: str
    category: bool = False


@dataclass(frozen=True)
class CatalogTable:
    """A table of the catalog: its columns, the columns that identify a row, and the rows it has."""

    name: str
    description: str
    columns: tuple[CatalogColumn, ...]
    key: tuple[str, ...]
    rows: Callable[[Catalog], Iterable[Row]]

    @property
    def schema(self) -> pa.Schema:
        """The columns' exact Arrow types."""
        return pa.schema([(column.name, _ARROW[column.type]) for column in self.columns])

    def fill(self, catalog: Catalog) -> pa.Table:
        """The table for `catalog`; without rows it keeps its types."""
        rows = list(self.rows(catalog))
        names = [column.name for column in self.columns]
        return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=self.schema)


def catalog_tables(catalog: Catalog) -> dict[str, pa.Table]:
    """Every table of `CATALOG_TABLES` by name, filled from `catalog`."""
    return {table.name: table.fill(catalog) for table in CATALOG_TABLES}


def _spells(history: Sequence[Spell]) -> Iterator[tuple[Spell, date, date | None]]:
    """Each entry with the days `[from, to)` it holds: until the next day on which one begins."""
    days = sorted({entry.valid_from for entry in history})
    ends: dict[date, date | None] = dict(zip_longest(days, days[1:]))
    for entry in sorted(history, key=lambda entry: entry.valid_from):
        yield entry, entry.valid_from, ends[entry.valid_from]


def _members(catalog: Catalog) -> Iterator[Row]:
    everyone: list[tuple[Entry, str]] = [(member, member.kind) for member in catalog.members]
    everyone += [(team, team.kind) for team in catalog.teams]
    for entry, kind in everyone:
        roles = (getattr(entry.roles, role) for role in Roles.model_fields)
        yield entry.id, entry.name, kind, entry.description, entry.business_unit, *roles


def _team_members(catalog: Catalog) -> Iterator[Row]:
    for team in catalog.teams:
        for address in team.members:
            yield team.id, address


def _team_history(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for spell, begin, end in _spells(member.team):
            yield member.id, spell.team, begin, end


def _owner_history(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for spell, begin, end in _spells(member.owner):
            yield member.id, spell.owner, begin, end


def _identifiers(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for name in member.identifiers:
            yield (
                member.id,
                name.source,
                name.kind,
                name.key,
                name.value,
                name.valid_from,
                name.valid_to,
            )


def _targets(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        by_kpi = sorted(member.targets, key=lambda target: target.kpi)
        for kpi, history in groupby(by_kpi, key=lambda target: target.kpi):
            for target, begin, end in _spells(list(history)):
                yield member.id, kpi, begin, end, target.target, target.at_risk


def _baselines(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        by_kpi = sorted(member.baselines, key=lambda baseline: baseline.kpi)
        for kpi, history in groupby(by_kpi, key=lambda baseline: baseline.kpi):
            for baseline, begin, end in _spells(list(history)):
                yield member.id, kpi, begin, end, baseline.value


def _guardrails(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        by_id = sorted(member.guardrails, key=lambda guardrail: guardrail.id)
        for guardrail_id, history in groupby(by_id, key=lambda guardrail: guardrail.id):
            for rail, begin, end in _spells(list(history)):
                yield (
                    member.id,
                    guardrail_id,
                    rail.kind,
                    rail.kpi,
                    rail.measure,
                    rail.attribute,
                    rail.period,
                    begin,
                    end,
                    rail.at_least,
                    rail.at_most,
                    rail.action,
                )


def _decision_gates(catalog: Catalog) -> Iterator[Row]:
    for gate in catalog.company.decision_gates:
        for number, criterion in enumerate(gate.criteria, start=1):
            yield (
                gate.id,
                gate.name,
                gate.days_after_launch,
                number,
                criterion.id,
                criterion.statement,
                criterion.kpi,
                criterion.requires if criterion.kpi else None,
                criterion.period if criterion.kpi else None,
                criterion.sign_off,
            )


def _launches(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if member.launched is not None:
            yield member.id, member.launched


def _sign_offs(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for word in member.sign_offs:
            yield member.id, word.gate, word.criterion, word.given, word.by, word.is_passed, word.note


def _acknowledgements(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for seen in member.acknowledgements:
            yield member.id, seen.alert, seen.given, seen.by, seen.note


def _objectives(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for kpi, objective in sorted(member.objectives.items()):
            yield member.id, kpi, objective


def _slas(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for sla, begin, end in _spells(member.sla):
            yield member.id, begin, end, sla.latency_p95_ms, sla.availability


def _all_features(catalog: Catalog) -> Iterator[tuple[str, Feature]]:
    for member in catalog.members:
        for feature in member.features:
            yield member.id, feature


def _features(catalog: Catalog) -> Iterator[Row]:
    for member_id, feature in _all_features(catalog):
        yield feature.id, member_id, feature.name, feature.source, feature.process_property


def _feature_events(catalog: Catalog) -> Iterator[Row]:
    for _, feature in _all_features(catalog):
        told_by = (
            (feature.event_property.name, feature.event_property.equals) if feature.event_property else (None, None)
        )
        for stage, events in (
            ("exposed", feature.exposed_events),
            ("onboarded", feature.onboarded_events),
            ("qualifying", feature.qualifying_events),
        ):
            for event in events:
                yield feature.id, stage, event, *told_by


def _target_populations(catalog: Catalog) -> Iterator[Row]:
    for _, feature in _all_features(catalog):
        for population, begin, end in _spells(feature.target_population):
            if population.rule is None:
                yield feature.id, begin, end, population.size, None, None
            else:
                for value in population.rule.values:
                    yield feature.id, begin, end, None, population.rule.property_name, value


def _all_surveys(catalog: Catalog) -> Iterator[tuple[str, Survey]]:
    for member in catalog.members:
        for survey in member.surveys:
            yield member.id, survey


def _surveys(catalog: Catalog) -> Iterator[Row]:
    for member_id, survey in _all_surveys(catalog):
        yield (
            survey.id,
            member_id,
            survey.name,
            survey.source,
            survey.survey,
            survey.measure,
            survey.worst,
            survey.best,
            survey.valid_from,
            survey.valid_to,
        )


def _survey_questions(catalog: Catalog) -> Iterator[Row]:
    for _, survey in _all_surveys(catalog):
        for purpose, questions in (("score", survey.questions), ("comment", survey.comments)):
            for rank, question in enumerate(dict.fromkeys(questions), 1):
                yield survey.id, purpose, question, rank


def _survey_answers(catalog: Catalog) -> Iterator[Row]:
    for _, survey in _all_surveys(catalog):
        for answer, score in survey.answers.items():
            yield survey.id, answer, score


def _survey_waves(catalog: Catalog) -> Iterator[Row]:
    for _, survey in _all_surveys(catalog):
        for wave, begin, end in _spells(survey.invited):
            yield survey.id, begin, end, wave.count


def _satisfaction_measures(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for spell, begin, end in _spells(member.satisfaction):
            primary = "trust" if spell.primary == "trust" else spell.survey
            yield member.id, begin, end, primary, spell.survey


def _drift(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if (drift := member.drift) is not None:
            retrain = (drift.retrain.windows, drift.retrain.of_last) if drift.retrain else (None, None)
            yield (
                member.id,
                drift.window_hours,
                drift.significance,
                drift.share_of_features,
                drift.minimum_count,
                drift.reference_days,
                *retrain,
            )


def _drift_features(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if (drift := member.drift) is not None:
            for feature in drift.features:
                yield (
                    member.id,
                    feature.name,
                    feature.kind,
                    feature.signal,
                    feature.critical,
                    feature.psi_floor or drift.psi_floor,
                )


def _all_quality(catalog: Catalog) -> Iterator[tuple[str, Quality]]:
    for member in catalog.members:
        if member.quality is not None:
            yield member.id, member.quality


def _quality(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        yield (
            member_id,
            quality.task,
            quality.positive_class,
            quality.primary_metric,
            quality.label_source,
            quality.ranking_cutoff,
            quality.minimum_sample,
            quality.mature_coverage,
            quality.mature_after_days,
        )


def _operating_thresholds(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for spell, begin, end in _spells(quality.operating_threshold):
            yield member_id, begin, end, spell.threshold


def _error_costs(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for spell, begin, end in _spells(quality.error_cost):
            yield member_id, begin, end, spell.false_positive_usd, spell.false_negative_usd


def _cohort_attributes(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for cohort in quality.cohorts:
            yield member_id, cohort.attribute, cohort.protected


def _shared_pools(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        yield pool.id, pool.name, pool.driver


def _pool_matches(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        for name in pool.match:
            yield pool.id, name.kind, name.key, name.value, name.valid_from, name.valid_to


def _pool_members(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        for spell in pool.members:
            yield pool.id, spell.member, spell.valid_from, spell.valid_to


def _projects(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        yield (
            project.id,
            project.name,
            project.description,
            project.sponsor,
            project.start_date,
            project.horizon_months,
        )


def _project_members(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for part in project.members:
            yield project.id, part.member, part.share


def _project_codes(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for code in project.codes:
            yield project.id, code


def _project_discount_rates(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for rate, begin, end in _spells(project.discount_rate):
            yield project.id, begin, end, rate.annual_rate


def _project_categories(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for category in project.categories:
            yield project.id, category.category, category.budget, category.is_volume_driven


def _project_accounts(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for category in project.categories:
            for account in category.gl_accounts:
                yield project.id, category.category, account


def _project_scenarios(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        scenarios = project.scenarios
        for name in Scenarios.model_fields if scenarios else ("base",):
            drivers: Scenario = getattr(scenarios, name) if scenarios else Scenario()
            yield project.id, name, drivers.uplift, drivers.volume, drivers.cost, drivers.discount_rate


def _project_inputs(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for uncertain in project.inputs:
            told = uncertain.distribution.model_dump() if uncertain.distribution else {}
            shape = (told.get(name) for name in ("shape", "low", "mode", "high", "mean", "sd"))
            yield project.id, uncertain.driver, uncertain.low, uncertain.high, *shape


def _excluded_users(catalog: Catalog) -> Iterator[Row]:
    for users in catalog.company.excluded_users:
        yield users.property_name, users.matches, users.pattern, users.reason


def _experiments(catalog: Catalog) -> Iterator[Row]:
    for e in catalog.experiments:
        yield (
            e.id, e.key or e.id, e.model, e.name, e.hypothesis, e.design, e.valid_from, e.valid_to, e.control,
            e.primary_metric.id, e.planned_effect, e.planned_units, e.conversion_hours, e.pre_period_days,
            e.period_days,
            e.matching.by if e.matching else None, e.matching.neighbours if e.matching else None,
            e.matching.caliper if e.matching else None,
            ", ".join(e.tags), e.excludes_open_windows, e.sequential,
        )  # fmt: skip


def _experiment_variations(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for variation in experiment.variations:
            yield experiment.id, variation.id, variation.weight, variation.id == experiment.control


def _experiment_covariates(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for i, covariate in enumerate(experiment.covariates):
            yield experiment.id, covariate, i


def _experiment_metrics(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for i, m in enumerate(experiment.metrics):
            yield (
                experiment.id, m.id, m.name, m.kind, m.event, m.of, m.per_event, m.quantile, m.better == "higher",
                i == 0,
            )  # fmt: skip


def _value_streams(catalog: Catalog) -> Iterator[Row]:
    experiments = {experiment.id: experiment for experiment in catalog.experiments}
    for member in catalog.members:
        for s in member.value:
            measured = experiments.get(s.experiment or "")
            metric = s.metric or (measured.primary_metric.id if measured else None)
            arm = s.variation or (measured.treatments[0] if measured else None)
            yield (
                member.id, s.id, s.name, s.experiment, metric, arm, s.declared_uplift,
                s.uplift, s.direction, s.volume, s.volume_per_unit, s.half_life_days, s.valid_from, s.valid_to,
            )  # fmt: skip


def _value_units(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for stream in member.value:
            for price, begin, end in _spells(stream.unit_value):
                yield member.id, stream.id, begin, end, price.usd


def _value_exposures(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for stream in member.value:
            for exposed, begin, end in _spells(stream.exposed):
                yield member.id, stream.id, begin, end, exposed.share


def _company(catalog: Catalog) -> Iterator[Row]:
    company = catalog.company
    yield (
        company.name,
        company.reporting_timezone,
        company.week_start,
        company.default_currency,
        catalog.fingerprint,
    )


def _text(name: str, description: str) -> CatalogColumn:
    return CatalogColumn(name, "VARCHAR", description)


_MEMBER_ID: Final = _text("member_id", "The model, agent or decision system.")
_KPI_ID: Final = _text("kpi_id", "The KPI.")
_FEATURE_ID: Final = _text("feature_id", "The AI feature.")
_SURVEY_ID: Final = _text("survey_id", "The survey question, by its id in the catalog.")
_POOL_ID: Final = _text("pool_id", "The shared pool.")
_PROJECT_ID: Final = _text("project_id", "The project.")
_SPELL: Final = (
    CatalogColumn("valid_from", "DATE", "First day (UTC) this holds; null: since ever."),
    CatalogColumn("valid_to", "DATE", "First day (UTC) this holds no longer; null: it still holds."),
)
_EXPERIMENT_ID: Final = _text("experiment_id", "The experiment.")
_STREAM_ID: Final = _text("stream_id", "The value stream: one way a member earns or saves money.")
_NAME: Final = (
    _text("identifier_kind", "What the name is there: tag, resource_id, model_name, service_id, …."),
    _text("identifier_key", "The tag's key, case kept; null for all but tags."),
    _text("identifier_value", "The name itself, spelled as that system spells it."),
)


def _role_columns() -> Iterator[CatalogColumn]:
    for name, role in Roles.model_fields.items():
        yield _text(name, f"Role address: {role.description}")


CATALOG_TABLES: Final[tuple[CatalogTable, ...]] = (
    CatalogTable(
        "members",
        "One row per member of the AI workforce. Human teams are rows too, of kind `team`: "
        "leave them out where AI members are counted.",
        (
            _text("member_id", "The member's id everywhere on the scorecard."),
            _text("name", "Its name on the scorecard."),
            _text("kind", "`model`, `agent`, `decision_system` or `team`."),
            _text("description", "What it does."),
            _text("business_unit", "The part of the company it works for."),
            *_role_columns(),
        ),
        ("member_id",),
        _members,
    ),
    CatalogTable(
        "team_members",
        "One row per human team and role address in it.",
        (
            _text("team_id", "The team: a member of kind `team`."),
            _text("address", "A role address in the team."),
        ),
        ("team_id", "address"),
        _team_members,
    ),
    CatalogTable(
        "team_history",
        "One row per member and spell with a team; spells of a member do not overlap.",
        (_MEMBER_ID, _text("team_id", "The team that runs it: a member of kind `team`."), *_SPELL),
        ("member_id", "valid_from"),
        _team_history,
    ),
    CatalogTable(
        "owner_history",
        "One row per member and spell with an owner; spells of a member do not overlap.",
        (_MEMBER_ID, _text("owner", "The owner's role address."), *_SPELL),
        ("member_id", "valid_from"),
        _owner_history,
    ),
    CatalogTable(
        "identifiers",
        "One row per name a source knows a member by, and the days it does. On any day a name "
        "belongs to one member at most.",
        (_MEMBER_ID, _text("source", "The source that uses the name."), *_NAME, *_SPELL),
        ("source", "identifier_kind", "identifier_key", "identifier_value", "valid_from"),
        _identifiers,
    ),
    CatalogTable(
        "targets",
        "One row per member, KPI and spell with a target; spells of a member's KPI do not overlap.",
        (
            _MEMBER_ID,
            _KPI_ID,
            *_SPELL,
            CatalogColumn("target", "DOUBLE", "What the KPI is to reach, in the KPI's unit."),
            CatalogColumn(
                "at_risk",
                "DOUBLE",
                "A miss up to this value is at risk; null: every miss is off target.",
            ),
        ),
        ("member_id", "kpi_id", "valid_from"),
        _targets,
    ),
    CatalogTable(
        "baselines",
        "One row per member, KPI and spell with a declared baseline; spells of a member's KPI do not overlap.",
        (_MEMBER_ID, _KPI_ID, *_SPELL, CatalogColumn("baseline", "DOUBLE", "Where the KPI stood, in its unit.")),
        ("member_id", "kpi_id", "valid_from"),
        _baselines,
    ),
    CatalogTable(
        "guardrails",
        "One row per member, guardrail and spell; spells of a guardrail do not overlap.",
        (
            _MEMBER_ID,
            _text("guardrail_id", "Its id in the member."),
            _text("kind", "`fairness`, `compliance`, `cost_ceiling`, `accuracy_floor` or `other`."),
            _text("kpi_id", "The KPI it bounds; null where it bounds another measure."),
            _text(
                "measure",
                "What it bounds where that is no KPI: `selection_rate_ratio`, `equal_opportunity_difference` or "
                "`compute_cost_usd`.",
            ),
            _text("attribute", "The protected attribute whose groups are compared; null: each of them."),
            _text("period", "The periods that are judged: `day`, `week` or `month`."),
            *_SPELL,
            CatalogColumn("at_least", "DOUBLE", "It may not fall below this; null: no lower bound."),
            CatalogColumn("at_most", "DOUBLE", "It may not exceed this; null: no upper bound."),
            _text("action", "`human_review`, `rollback` or `retrain`."),
        ),
        ("member_id", "guardrail_id", "valid_from"),
        _guardrails,
    ),
    CatalogTable(
        "decision_gates",
        "One row per decision gate and criterion of it.",
        (
            _text("gate_id", "The gate."),
            _text("gate_name", "Its name."),
            CatalogColumn("days_after_launch", "BIGINT", "When it is due, in days after the launch."),
            CatalogColumn("criterion_number", "BIGINT", "The criterion's place in the gate, from 1."),
            _text("criterion_id", "The criterion."),
            _text("statement", "What must hold."),
            _text("kpi_id", "The KPI whose status decides; null where a person does."),
            _text("requires", "`measured`, `not_off_target` or `on_target`; null where a person decides."),
            _text("period", "`week` or `month`; null where a person decides."),
            _text("sign_off_role", "The role whose word decides; null where a KPI does."),
        ),
        ("gate_id", "criterion_id"),
        _decision_gates,
    ),
    CatalogTable(
        "launches",
        "One row per member that was launched or is to be.",
        (_MEMBER_ID, CatalogColumn("launched_date", "DATE", "The day of its launch.")),
        ("member_id",),
        _launches,
    ),
    CatalogTable(
        "sign_offs",
        "One row per member, gate, criterion and day on which a person gave their word.",
        (
            _MEMBER_ID,
            _text("gate_id", "The gate."),
            _text("criterion_id", "The criterion."),
            CatalogColumn("signed_date", "DATE", "The day it was given."),
            _text("signed_by", "Who gave it, as a role address."),
            CatalogColumn("is_passed", "BOOLEAN", "Whether the criterion is met."),
            _text("note", "What it rests on."),
        ),
        ("member_id", "gate_id", "criterion_id", "signed_date"),
        _sign_offs,
    ),
    CatalogTable(
        "acknowledgements",
        "One row per alert somebody answers for.",
        (
            _MEMBER_ID,
            _text("alert_id", "The alert, as `mart_alerts` shows it."),
            CatalogColumn("acknowledged_date", "DATE", "The day it was acknowledged."),
            _text("acknowledged_by", "Who acknowledged it, as a role address."),
            _text("note", "What is being done."),
        ),
        ("member_id", "alert_id"),
        _acknowledgements,
    ),
    CatalogTable(
        "objectives",
        "One row per member and KPI that serves a business objective; a KPI without one is a vanity metric.",
        (_MEMBER_ID, _KPI_ID, _text("objective", "The business objective, in a sentence.")),
        ("member_id", "kpi_id"),
        _objectives,
    ),
    CatalogTable(
        "slas",
        "One row per member and spell with a service level; spells of a member do not overlap.",
        (
            _MEMBER_ID,
            *_SPELL,
            CatalogColumn("latency_p95_ms", "DOUBLE", "95 % of requests are answered within this; null: none."),
            CatalogColumn("availability", "DOUBLE", "Share of requests that succeed, 0 to 1; null: none."),
        ),
        ("member_id", "valid_from"),
        _slas,
    ),
    CatalogTable(
        "features",
        "One row per AI feature that users see.",
        (
            _FEATURE_ID,
            _MEMBER_ID,
            _text("name", "Its name on the scorecard."),
            _text("source", "The product analytics that holds its events."),
            _text(
                "process_property",
                "Event property whose distinct values are counted; null: users are.",
            ),
        ),
        ("feature_id",),
        _features,
    ),
    CatalogTable(
        "feature_events",
        "One row per feature, stage of its funnel and event that reaches the stage.",
        (
            _FEATURE_ID,
            _text(
                "stage",
                "`exposed`, `onboarded` or `qualifying`; only the last makes a user active.",
            ),
            _text("event_name", "The event's name in product analytics."),
            _text(
                "property_name",
                "Event property that tells this feature's events apart; null: all are its.",
            ),
            _text("property_value", "The property's value on this feature's events."),
        ),
        ("feature_id", "stage", "event_name"),
        _feature_events,
    ),
    CatalogTable(
        "target_populations",
        "One row per feature and spell where a size is declared; one per property value where a "
        "rule is. A user is meant when the property has any of the values.",
        (
            _FEATURE_ID,
            *_SPELL,
            CatalogColumn("size", "BIGINT", "How many it is for; null where a rule counts them."),
            _text("property_name", "User property that decides; null where a size is declared."),
            _text("property_value", "A value of it on users who are meant."),
        ),
        ("feature_id", "valid_from", "property_value"),
        _target_populations,
    ),
    CatalogTable(
        "surveys",
        "One row per question of a survey that measures a member, and the days it does.",
        (
            _SURVEY_ID,
            _MEMBER_ID,
            _text("name", "Its name on the scorecard."),
            _text("source", "The system that asks it: `qualtrics` or `typeform`."),
            _text("survey_key", "The survey it stands in, as that system or its folder calls it."),
            _text("measure", "What it measures: `csat`, `nps`, `stated_trust` or `rating`."),
            CatalogColumn("worst_score", "DOUBLE", "The answer that says worst; may be the larger one."),
            CatalogColumn("best_score", "DOUBLE", "The answer that says best."),
            *_SPELL,
        ),
        ("survey_id",),
        _surveys,
    ),
    CatalogTable(
        "survey_questions",
        "One row per survey question and name it, or the one that asks why, is or was known by.",
        (
            _SURVEY_ID,
            _text("purpose", "`score`, or `comment` for the question that asks why."),
            _text("question", "Its id, column or text in the export."),
            CatalogColumn("question_rank", "BIGINT", "Where a response answers several, the lowest counts."),
        ),
        ("survey_id", "purpose", "question"),
        _survey_questions,
    ),
    CatalogTable(
        "survey_answers",
        "One row per survey question and answer that is text, with its score.",
        (
            _SURVEY_ID,
            _text("answer", "The answer as exported."),
            CatalogColumn("score", "DOUBLE", "Its score on the question's own scale."),
        ),
        ("survey_id", "answer"),
        _survey_answers,
    ),
    CatalogTable(
        "survey_waves",
        "One row per survey question and wave of invitations; waves of a question do not overlap.",
        (_SURVEY_ID, *_SPELL, CatalogColumn("invited_count", "BIGINT", "How many people were asked.")),
        ("survey_id", "valid_from"),
        _survey_waves,
    ),
    CatalogTable(
        "satisfaction_measures",
        "One row per member and spell with a primary measure of satisfaction; spells of a member do not overlap.",
        (
            _MEMBER_ID,
            *_SPELL,
            _text("primary_measure", "What the KPI's value is: `trust`, or the survey measure."),
            _text("survey_measure", "What stands for its survey score; null: nothing does."),
        ),
        ("member_id", "valid_from"),
        _satisfaction_measures,
    ),
    CatalogTable(
        "drift",
        "One row per member that is watched for drift, and how.",
        (
            _MEMBER_ID,
            CatalogColumn("window_hours", "BIGINT", "Length of a window: a divisor of 24, 24, or 168 from Monday."),
            CatalogColumn("significance", "DOUBLE", "False discovery rate over the features of a window."),
            CatalogColumn("share_of_features", "DOUBLE", "Share of tested features that makes a window drift."),
            CatalogColumn("minimum_count", "BIGINT", "Fewer values, in window or reference, are not tested."),
            CatalogColumn("reference_days", "BIGINT", "Days of the fixed reference; null: only snapshots are one."),
            CatalogColumn("retrain_window_count", "BIGINT", "Drifted windows that call for a retrain; null: none do."),
            CatalogColumn("retrain_of_count", "BIGINT", "Of so many last windows tested."),
        ),
        ("member_id",),
        _drift,
    ),
    CatalogTable(
        "drift_features",
        "One row per member and logged column that is watched for drift.",
        (
            _MEMBER_ID,
            _text("feature", "The column's name in logs and snapshots."),
            _text("feature_kind", "`numeric` or `categorical`."),
            _text("signal", "What its drift means: `data`, `prediction` or `concept`."),
            CatalogColumn("is_critical", "BOOLEAN", "Whether its drift alone makes the window drift."),
            CatalogColumn("psi_floor", "DOUBLE", "The smallest PSI that counts as drift."),
        ),
        ("member_id", "feature"),
        _drift_features,
    ),
    CatalogTable(
        "quality",
        "One row per member whose accuracy is measured: its task, and what counts.",
        (
            _MEMBER_ID,
            _text("task", "`binary`, `multiclass`, `regression`, `ranking` or `review`."),
            CatalogColumn(
                "positive_class",
                "VARCHAR",
                "The label that counts as positive, or as correct; null where there is none.",
                category=True,
            ),
            _text("primary_metric", "What the scorecard shows as its accuracy."),
            _text("label_source", "The labels the scorecard's accuracy is over."),
            CatalogColumn("ranking_cutoff", "BIGINT", "How many items of a ranking count."),
            CatalogColumn("minimum_sample", "BIGINT", "A cohort with fewer labelled predictions is too small."),
            CatalogColumn("mature_coverage", "DOUBLE", "A day is mature once this share of it is labelled."),
            CatalogColumn("mature_after_days", "BIGINT", "A day is mature after so many days."),
        ),
        ("member_id",),
        _quality,
    ),
    CatalogTable(
        "operating_thresholds",
        "One row per binary member and spell with an operating threshold; spells of a member do not overlap.",
        (_MEMBER_ID, *_SPELL, CatalogColumn("threshold", "DOUBLE", "The score from which it says yes.")),
        ("member_id", "valid_from"),
        _operating_thresholds,
    ),
    CatalogTable(
        "error_costs",
        "One row per binary member and spell with a cost matrix; spells of a member do not overlap.",
        (
            _MEMBER_ID,
            *_SPELL,
            CatalogColumn("false_positive_usd", "DOUBLE", "What a false positive costs."),
            CatalogColumn("false_negative_usd", "DOUBLE", "What a false negative costs."),
        ),
        ("member_id", "valid_from"),
        _error_costs,
    ),
    CatalogTable(
        "cohort_attributes",
        "One row per member and attribute of predictions by which its accuracy is told apart.",
        (
            _MEMBER_ID,
            _text("attribute", "Its name in the prediction log's `cohorts`."),
            CatalogColumn("is_protected", "BOOLEAN", "Whether fairness is watched over its values."),
        ),
        ("member_id", "attribute"),
        _cohort_attributes,
    ),
    CatalogTable(
        "shared_pools",
        "One row per pool of costs that several members cause together.",
        (
            _POOL_ID,
            _text("name", "Its name on the scorecard."),
            _text(
                "driver",
                "What it is split by; without data it falls to the next of `busy_seconds`, "
                "`tokens`, `predictions`, `equal`.",
            ),
        ),
        ("pool_id",),
        _shared_pools,
    ),
    CatalogTable(
        "pool_matches",
        "One row per name on a cloud bill that puts a charge in the pool, and the days it does.",
        (_POOL_ID, *_NAME, *_SPELL),
        ("identifier_kind", "identifier_key", "identifier_value", "valid_from"),
        _pool_matches,
    ),
    CatalogTable(
        "pool_members",
        "One row per pool, member and spell in which the member shares the pool.",
        (_POOL_ID, _MEMBER_ID, *_SPELL),
        ("pool_id", "member_id", "valid_from"),
        _pool_members,
    ),
    CatalogTable(
        "projects",
        "One row per investment in AI members.",
        (
            _text("project_id", "The project's id everywhere on the scorecard."),
            _text("name", "Its name on the scorecard."),
            _text("description", "What it does."),
            _text("sponsor", "Role address: answers for the budget and the outcome."),
            CatalogColumn("start_date", "DATE", "First day of its month 0, whose flow is not discounted."),
            CatalogColumn("horizon_months", "BIGINT", "How many months are valued, month 0 included."),
        ),
        ("project_id",),
        _projects,
    ),
    CatalogTable(
        "project_members",
        "One row per project and member it is for; a project's shares sum to 1.",
        (_PROJECT_ID, _MEMBER_ID, CatalogColumn("share", "DOUBLE", "The member's part of the project's value.")),
        ("project_id", "member_id"),
        _project_members,
    ),
    CatalogTable(
        "project_codes",
        "One row per name the finance system knows a project by; a name belongs to one project.",
        (_PROJECT_ID, _text("project_code", "The name, spelled as the finance system spells it.")),
        ("project_code",),
        _project_codes,
    ),
    CatalogTable(
        "project_discount_rates",
        "One row per project and spell with a discount rate; spells of a project do not overlap.",
        (_PROJECT_ID, *_SPELL, CatalogColumn("annual_rate", "DOUBLE", "The effective annual rate: 0.1 for 10 %.")),
        ("project_id", "valid_from"),
        _project_discount_rates,
    ),
    CatalogTable(
        "project_categories",
        "One row per project and category of its costs.",
        (
            _PROJECT_ID,
            _text("category", "What the money is for."),
            _text("budget", "`capital` or `operating`."),
            CatalogColumn("is_volume_driven", "BOOLEAN", "Whether the cost grows with the volume."),
        ),
        ("project_id", "category"),
        _project_categories,
    ),
    CatalogTable(
        "project_accounts",
        "One row per project and general-ledger account that tells a cost's category.",
        (_PROJECT_ID, _text("category", "What the account's costs are for."), _text("gl_account", "The account.")),
        ("project_id", "gl_account"),
        _project_accounts,
    ),
    CatalogTable(
        "project_scenarios",
        "One row per project and scenario; `base` stands for every project.",
        (
            _PROJECT_ID,
            _text("scenario", "`downside`, `base` or `upside`."),
            CatalogColumn("uplift", "DOUBLE", "Times the planned effect."),
            CatalogColumn("volume", "DOUBLE", "Times the planned volume."),
            CatalogColumn("cost", "DOUBLE", "Times every planned cost."),
            CatalogColumn("discount_rate", "DOUBLE", "Annual; null: the project's own."),
        ),
        ("project_id", "scenario"),
        _project_scenarios,
    ),
    CatalogTable(
        "project_inputs",
        "One row per project and driver nobody knows exactly.",
        (
            _PROJECT_ID,
            _text("driver", "`uplift`, `volume`, `cost` or `discount_rate`."),
            CatalogColumn("low", "DOUBLE", "Its low end in the tornado."),
            CatalogColumn("high", "DOUBLE", "Its high end in the tornado."),
            _text("shape", "`triangular`, `uniform` or `normal`; null: it is not drawn."),
            CatalogColumn("shape_low", "DOUBLE", "Least value drawn; null for normal."),
            CatalogColumn("shape_mode", "DOUBLE", "Likeliest value; triangular only."),
            CatalogColumn("shape_high", "DOUBLE", "Largest value drawn; null for normal."),
            CatalogColumn("shape_mean", "DOUBLE", "Mean; normal only."),
            CatalogColumn("shape_sd", "DOUBLE", "Standard deviation; normal only."),
        ),
        ("project_id", "driver"),
        _project_inputs,
    ),
    CatalogTable(
        "excluded_users",
        "One row per rule for users that analytics does not count.",
        (
            _text("property_name", "The user property that tells them."),
            _text("match_kind", "`glob`, `suffix` or `equals`."),
            _text("pattern", "What their property looks like."),
            _text("reason", "Why they are not counted."),
        ),
        ("property_name", "match_kind", "pattern"),
        _excluded_users,
    ),
    CatalogTable(
        "experiments",
        "One row per experiment; it runs on the days `[valid_from, valid_to)`.",
        (
            _EXPERIMENT_ID,
            _text("experiment_key", "Its name in the logs."),
            _MEMBER_ID,
            _text("name", "Its name on the scorecard."),
            _text("hypothesis", "What is expected to change, and why."),
            _text("design", "`randomised`, `holdout`, `difference_in_differences`, `staggered`, `matched` or `iv`."),
            *_SPELL,
            _text("control_id", "The variation the others are compared with; null where nothing was randomised."),
            _text("primary_metric_id", "The metric that decides."),
            CatalogColumn("planned_effect", "DOUBLE", "The smallest relative effect it was planned to find."),
            CatalogColumn("planned_units", "BIGINT", "How many units it was planned with, over all arms."),
            CatalogColumn("conversion_hours", "BIGINT", "How long after exposure an event counts; null: the default."),
            CatalogColumn("pre_period_days", "BIGINT", "Days before exposure used by CUPED; null: none."),
            CatalogColumn("period_days", "BIGINT", "Days over which a panel's outcomes are averaged."),
            _text("match_by", "`covariates` or `propensity`: what matched units are alike in; null: the default."),
            CatalogColumn("match_neighbours", "BIGINT", "Untreated units per treated one; null: the default."),
            CatalogColumn("match_caliper", "DOUBLE", "The largest distance of a match; null: any."),
            _text("tags", "What it is found by, joined by commas."),
            CatalogColumn("excludes_open_windows", "BOOLEAN", "Whether users within their window are left out."),
            CatalogColumn("is_sequential", "BOOLEAN", "Whether it may be looked at and stopped any day."),
        ),
        ("experiment_id",),
        _experiments,
    ),
    CatalogTable(
        "experiment_variations",
        "One row per arm of a randomised experiment.",
        (
            _EXPERIMENT_ID,
            _text("variation_id", "The arm, as logged."),
            CatalogColumn("weight", "DOUBLE", "The share of traffic it is given, in any unit."),
            CatalogColumn("is_control", "BOOLEAN", "Whether the others are compared with it."),
        ),
        ("experiment_id", "variation_id"),
        _experiment_variations,
    ),
    CatalogTable(
        "experiment_covariates",
        "One row per study of units and column that holds what its units were before.",
        (
            _EXPERIMENT_ID,
            _text("covariate", "The column, as delivered."),
            CatalogColumn("position", "BIGINT", "Its place, from 0, in the order the catalog names them."),
        ),
        ("experiment_id", "covariate"),
        _experiment_covariates,
    ),
    CatalogTable(
        "experiment_metrics",
        "One row per experiment and metric it looks at.",
        (
            _EXPERIMENT_ID,
            _text("metric_id", "The metric."),
            _text("name", "Its name on the scorecard."),
            _text("kind", "`mean`, `proportion`, `ratio` or `quantile`."),
            _text("event_name", "The event that counts; null where outcomes of units are measured."),
            _text("summed", "`count` or `amount`: what is summed over a user's events."),
            _text("per_event_name", "The event a ratio is counted over."),
            CatalogColumn("quantile", "DOUBLE", "Which quantile; null for other kinds."),
            CatalogColumn("is_higher_better", "BOOLEAN", "Whether more of it is better."),
            CatalogColumn("is_primary", "BOOLEAN", "Whether it is the metric that decides."),
        ),
        ("experiment_id", "metric_id"),
        _experiment_metrics,
    ),
    CatalogTable(
        "value_streams",
        "One row per member and way it earns or saves money.",
        (
            _MEMBER_ID,
            _STREAM_ID,
            _text("name", "What the money is made or saved by."),
            _text("experiment_id", "The experiment that measured the uplift; null: it is declared."),
            _text("metric_id", "The metric whose uplift it is."),
            _text("variation_id", "The arm whose uplift it is; `treated` where nothing was randomised."),
            CatalogColumn("declared_uplift", "DOUBLE", "The uplift where nobody measured it."),
            _text("uplift", "`absolute` or `relative`."),
            _text("direction", "`gain` or `saving`."),
            _text("volume", "`predictions`, `exposed_users` or `treated_units`."),
            CatalogColumn("volume_per_unit", "DOUBLE", "How many of the volume make one unit of the metric."),
            CatalogColumn("half_life_days", "DOUBLE", "Days until half of the effect is counted; null: all is."),
            *_SPELL,
        ),
        ("member_id", "stream_id"),
        _value_streams,
    ),
    CatalogTable(
        "value_units",
        "One row per value stream and spell in which a unit has this worth; spells do not overlap.",
        (_MEMBER_ID, _STREAM_ID, *_SPELL, CatalogColumn("unit_value_usd", "DOUBLE", "USD a unit is worth.")),
        ("member_id", "stream_id", "valid_from"),
        _value_units,
    ),
    CatalogTable(
        "value_exposures",
        "One row per value stream and spell in which the effect reaches this share of the volume.",
        (_MEMBER_ID, _STREAM_ID, *_SPELL, CatalogColumn("exposed_share", "DOUBLE", "The share reached, 0 to 1.")),
        ("member_id", "stream_id", "valid_from"),
        _value_exposures,
    ),
    CatalogTable(
        "company",
        "One row: what holds for the whole company.",
        (
            _text("name", "The company's name."),
            _text("reporting_timezone", "IANA time zone that days and months are told in."),
            _text("week_start", "The day a week begins, in lower case."),
            _text("default_currency", "Currency (ISO 4217) of amounts that state none."),
            _text("catalog_fingerprint", "Changes when the catalog does."),
        ),
        ("name",),
        _company,
    ),
)
"""The tables of the catalog. The dbt source file and the assets' metadata are made from these."""

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

from pipelines.catalog.types import AsOf, Catalog, Entry, Feature, Roles, Survey

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
    """A column of a catalog table; `type` is a DuckDB type."""

    name: str
    type: str
    description: str


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


def _excluded_users(catalog: Catalog) -> Iterator[Row]:
    for users in catalog.company.excluded_users:
        yield users.property_name, users.matches, users.pattern, users.reason


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
_SPELL: Final = (
    CatalogColumn("valid_from", "DATE", "First day (UTC) this holds; null: since ever."),
    CatalogColumn("valid_to", "DATE", "First day (UTC) this holds no longer; null: it still holds."),
)
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
            _KPI_ID,
            _text("period", "The periods that are judged: `day`, `week` or `month`."),
            *_SPELL,
            CatalogColumn("at_least", "DOUBLE", "The KPI may not fall below this; null: no lower bound."),
            CatalogColumn("at_most", "DOUBLE", "The KPI may not exceed this; null: no upper bound."),
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

"""User-facing features of a member: their events, target users and excluded users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Location, Problem
from pipelines.catalog.entries import Entries, Place, once
from pipelines.catalog.parts import AsOf, Exact, Part, Slug, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


AnalyticsSource = Literal["mixpanel", "amplitude", "segment"]


class EventProperty(Part):
    """The event property that identifies a feature's own events."""

    name: Exact = Field(description="The property's name.")
    equals: Exact = Field(description="Its value on this feature's events.")


class PopulationRule(Part):
    """Users counted by a user property."""

    property_name: Exact = Field(alias="property", description="The user property.")
    equals: Exact | None = Field(None, description="Its value for target users. Either this or `in`.")
    one_of: tuple[Exact, ...] | None = Field(
        None,
        alias="in",
        min_length=1,
        description="Its values for target users. Either this or `equals`.",
    )

    @model_validator(mode="after")
    def _check_equals_or_in(self) -> Self:
        if (self.equals is None) == (self.one_of is None):
            found = "neither" if self.equals is None else "both"
            raise ValueError(f"expected either `equals` or `in`, found {found}")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The property's values for target users."""
        return self.one_of if self.one_of is not None else (self.equals or "",)


class TargetPopulation(AsOf):
    """The target users of a feature, valid from a date."""

    size: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="Number of target users (or processes). Either this or `rule`."
    )
    rule: PopulationRule | None = Field(None, description="The rule for target users. Either this or `size`.")

    @model_validator(mode="after")
    def _check_size_or_rule(self) -> Self:
        if (self.size is None) == (self.rule is None):
            found = "neither" if self.size is None else "both"
            raise ValueError(f"expected either `size` or `rule`, found {found}")
        return self


class Feature(Part):
    """A user-facing feature of a member, and its usage events."""

    id: Slug = Field(description="Its id, unique in the catalog.")
    name: Text = Field(description="Its name on the scorecard.")
    source: AnalyticsSource = Field(description="The product analytics source of its events.")
    exposed_events: tuple[Exact, ...] = Field((), description="Events that expose a user to it.")
    onboarded_events: tuple[Exact, ...] = Field((), description="Events that onboard a user.")
    qualifying_events: tuple[Exact, ...] = Field(min_length=1, description="Events of use: these make a user active.")
    event_property: EventProperty | None = Field(
        None,
        alias="property",
        description="If features share events: the property that identifies this feature's events.",
    )
    process_property: Exact | None = Field(
        None,
        description="If processes rather than users adopt it: the event property that identifies "
        "the process. Its distinct values are counted in place of users.",
    )
    target_population: tuple[TargetPopulation, ...] = Field(
        (), description="Its target users, as of each date: the denominator of adoption."
    )


class ExcludedUsers(Part):
    """Users that product analytics and experiments do not count: test and internal users."""

    property_name: Exact = Field(
        alias="property", description="The user property that identifies them: `email`, `user_id`, …."
    )
    matches: Literal["glob", "suffix", "equals"] = Field(description="How `pattern` is compared.")
    pattern: Exact = Field(description="The pattern of their property.")
    reason: Text = Field(description="Why they are not counted.")


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate features and events, and events that cannot be distinguished from another feature's."""
    seen: dict[str, Place] = {}
    events: defaultdict[tuple[str, str], list[tuple[Place, Feature]]] = defaultdict(list)
    for member in entries.members:
        for i, feature in enumerate(member.value.features):
            here: Location = ("features", i)
            place = Place(member.document, (*here, "id"))
            yield from once(seen, feature.id, place, "Give one of them another id")
            for stage in ("exposed_events", "onboarded_events", "qualifying_events"):
                listed: dict[str, Place] = {}
                for j, event in enumerate(getattr(feature, stage)):
                    place = Place(member.document, (*here, stage, j))
                    yield from once(listed, event, place, "Name it once")
                    events[feature.source, event].append((place, feature))
    for (_, event), uses in events.items():
        for (first, one), (second, other) in combinations(uses, 2):
            if one is not other and not _told_apart(one, other):
                yield second.problem(
                    f"found the event `{event}` of the feature `{one.id}` ({first}), and nothing distinguishes them",
                    "Give both features a `property` with a value of their own",
                )


def _told_apart(one: Feature, other: Feature) -> bool:
    return (
        one.event_property is not None
        and other.event_property is not None
        and one.event_property != other.event_property
    )


def _all_features(catalog: Catalog) -> Iterator[tuple[str, Feature]]:
    for member in catalog.members:
        for feature in member.features:
            yield member.id, feature


def _features(catalog: Catalog) -> Iterator[Row]:
    for member_id, feature in _all_features(catalog):
        yield feature.id, member_id, feature.name, feature.source, feature.process_property


def _feature_events(catalog: Catalog) -> Iterator[Row]:
    for _, feature in _all_features(catalog):
        declared = (
            (feature.event_property.name, feature.event_property.equals) if feature.event_property else (None, None)
        )
        for stage, events in (
            ("exposed", feature.exposed_events),
            ("onboarded", feature.onboarded_events),
            ("qualifying", feature.qualifying_events),
        ):
            for event in events:
                yield feature.id, stage, event, *declared


def _target_populations(catalog: Catalog) -> Iterator[Row]:
    for _, feature in _all_features(catalog):
        for population, begin, end in validity_intervals(feature.target_population):
            if population.rule is None:
                yield feature.id, begin, end, population.size, None, None
            else:
                for value in population.rule.values:
                    yield feature.id, begin, end, None, population.rule.property_name, value


def _excluded_users(catalog: Catalog) -> Iterator[Row]:
    for users in catalog.company.excluded_users:
        yield users.property_name, users.matches, users.pattern, users.reason


_FEATURE_ID: Final = text("feature_id", "The AI feature.")


TABLES: Final = (
    CatalogTable(
        "features",
        "One row per user-facing AI feature.",
        (
            _FEATURE_ID,
            MEMBER_ID,
            text("name", "Its name on the scorecard."),
            text("source", "The product analytics that holds its events."),
            text(
                "process_property",
                "Event property with the distinct values to count; null: users are counted.",
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
            text(
                "stage",
                "`exposed`, `onboarded` or `qualifying`; only the last makes a user active.",
            ),
            text("event_name", "The event's name in product analytics."),
            text(
                "property_name",
                "Event property that identifies this feature's events; null: all are its events.",
            ),
            text("property_value", "The property's value on this feature's events."),
        ),
        ("feature_id", "stage", "event_name"),
        _feature_events,
    ),
    CatalogTable(
        "target_populations",
        "One row per feature and validity interval if a size is declared; one per property value if a "
        "rule is. A user is meant when the property has any of the values.",
        (
            _FEATURE_ID,
            *VALIDITY,
            CatalogColumn("size", "BIGINT", "How many it is for; null where a rule counts them."),
            text("property_name", "User property that decides; null where a size is declared."),
            text("property_value", "A value of it on users who are meant."),
        ),
        ("feature_id", "valid_from", "property_value"),
        _target_populations,
    ),
    CatalogTable(
        "excluded_users",
        "One row per rule for excluded users.",
        (
            text("property_name", "The user property that identifies them."),
            text("match_kind", "`glob`, `suffix` or `equals`."),
            text("pattern", "What their property looks like."),
            text("reason", "Why they are not counted."),
        ),
        ("property_name", "match_kind", "pattern"),
        _excluded_users,
    ),
)

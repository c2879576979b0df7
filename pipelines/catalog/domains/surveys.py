"""Survey questions about a member, and the measure of its satisfaction KPI.

Ratings in the product and tickets are found by the member's `identifiers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Claim, Entries, Place, listed, once, overlapping
from pipelines.catalog.parts import AsOf, Exact, Number, Slug, Text, Validity

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


SurveySource = Literal["qualtrics", "typeform"]
AskedMeasure = Literal["csat", "nps", "stated_trust", "rating"]
"""Measures of survey questions; `stated_trust` is what people say, `trust` what they do (1 - override rate)."""
SurveyMeasure = Literal["csat", "nps", "stated_trust", "rating", "thumbs", "stars", "ticket_csat"]
"""Measures usable as survey score: a question's measure, an in-app rating, or a ticket's satisfaction rating."""


class Wave(AsOf):
    """People invited to a survey, from a day until the next wave begins."""

    count: Annotated[int, Field(strict=True, gt=0)] = Field(
        description="Number of people invited: the denominator of the response rate."
    )


class Survey(Validity):
    """A survey question that measures satisfaction with or trust in a member."""

    id: Slug = Field(description="Its id, unique in the catalog.")
    name: Text = Field(description="Its name on the scorecard.")
    source: SurveySource = Field(description="The system that asks it.")
    survey: Exact = Field(
        description="Its survey: Qualtrics' survey id (`SV_…`), Typeform's form id, or the name of the "
        "folder its exports lie in."
    )
    questions: tuple[Exact, ...] = Field(
        min_length=1,
        description="The question, by its id (`QID1`; Typeform: field id or ref), column or text; all the names it has "
        "had. Where a response answers several, the first named counts.",
    )
    measure: AskedMeasure = Field(
        description="Its measure: satisfaction (`csat`), willingness to recommend (`nps`), trust as people state "
        "it (`stated_trust`), or a `rating`."
    )
    worst: Number = Field(description="The worst answer: 0 on the normalised scale. May be the larger number.")
    best: Number = Field(description="The best answer: 1 on the normalised scale.")
    answers: dict[Exact, Number] = Field(
        default_factory=dict,
        description="The score of each answer exported as text, such as `Very satisfied: 5`; an answer that begins "
        "with a number needs none.",
    )
    comments: tuple[Exact, ...] = Field(
        (), description="The question that asks for a reason, if there is one: its answers are in the notes."
    )
    invited: tuple[Wave, ...] = Field((), description="People invited, by wave.")

    @model_validator(mode="after")
    def _check_scale(self) -> Self:
        if self.worst == self.best:
            raise ValueError(f"expected two ends of a scale, found `worst` and `best` both {self.best:g}")
        if self.measure == "nps" and (self.worst, self.best) != (0, 10):
            raise ValueError(f"expected the scale 0 to 10 of `nps`, found {self.worst:g} to {self.best:g}")
        return self


class SatisfactionInterval(AsOf):
    """The measure of the member's satisfaction KPI, valid from a date."""

    primary: Literal["survey", "trust"] = Field(
        description="The KPI's value: the normalised survey score, or trust (1 - override rate) where people decide "
        "on its suggestions. The two are never blended."
    )
    survey: SurveyMeasure | None = Field(
        None, description="The measure of the survey score; required if `primary` is `survey`."
    )

    @model_validator(mode="after")
    def _check_survey(self) -> Self:
        if self.primary == "survey" and self.survey is None:
            raise ValueError("expected `survey` to be the primary measure")
        return self


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate surveys, incompatible scales, KPIs without a measure, questions asked twice on a day."""
    seen: dict[str, Place] = {}
    questions: defaultdict[tuple[str, str, str], list[Claim]] = defaultdict(list)
    for member in entries.members:
        scales: dict[str, tuple[Survey, Place]] = {}
        for i, survey in enumerate(member.value.surveys):
            yield from once(seen, survey.id, Place(member.document, ("surveys", i, "id")), "Give one another id")
            place = Place(member.document, ("surveys", i, "worst"))
            other, there = scales.setdefault(survey.measure, (survey, place))
            if (other.worst, other.best) != (survey.worst, survey.best):
                yield place.problem(
                    f"found the scale {survey.worst:g} to {survey.best:g} for `{survey.measure}`, which {there} puts "
                    f"on {other.worst:g} to {other.best:g}: their scores cannot be added",
                    "Use another measure for one of them",
                )
            for j, question in enumerate(survey.questions):
                place = Place(member.document, ("surveys", i, "questions", j))
                questions[survey.source, survey.survey, question].append(Claim(place, f"`{survey.id}`", survey))
        for i, interval in enumerate(member.value.satisfaction):
            if interval.survey in get_args(AskedMeasure) and interval.survey not in scales:
                yield member.document.problem(
                    ("satisfaction", i, "survey"),
                    f"found `{interval.survey}`, expected a measure of one of its surveys: {listed(scales)}",
                    "Use one of these, or add the survey",
                )
    for (_, survey_key, question), claims in questions.items():
        for first, second in overlapping(claims):
            yield second.place.problem(
                f"found the question `{question}` of `{survey_key}` that {first.claimant} asks on the same days "
                f"({first.place})",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


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
        for wave, begin, end in validity_intervals(survey.invited):
            yield survey.id, begin, end, wave.count


def _satisfaction_measures(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for interval, begin, end in validity_intervals(member.satisfaction):
            primary = "trust" if interval.primary == "trust" else interval.survey
            yield member.id, begin, end, primary, interval.survey


_SURVEY_ID: Final = text("survey_id", "The survey question, by its id in the catalog.")


TABLES: Final = (
    CatalogTable(
        "surveys",
        "One row per survey question about a member, and its validity interval.",
        (
            _SURVEY_ID,
            MEMBER_ID,
            text("name", "Its name on the scorecard."),
            text("source", "The system that asks it: `qualtrics` or `typeform`."),
            text("survey_key", "Its survey, by the name in that system or its folder."),
            text("measure", "What it measures: `csat`, `nps`, `stated_trust` or `rating`."),
            CatalogColumn("worst_score", "DOUBLE", "The answer that says worst; may be the larger one."),
            CatalogColumn("best_score", "DOUBLE", "The answer that says best."),
            *VALIDITY,
        ),
        ("survey_id",),
        _surveys,
    ),
    CatalogTable(
        "survey_questions",
        "One row per survey question (or its comment question) and each of its names.",
        (
            _SURVEY_ID,
            text("purpose", "`score`, or `comment` for the question that asks why."),
            text("question", "Its id, column or text in the export."),
            CatalogColumn("question_rank", "BIGINT", "Where a response answers several, the lowest counts."),
        ),
        ("survey_id", "purpose", "question"),
        _survey_questions,
    ),
    CatalogTable(
        "survey_answers",
        "One row per survey question and text answer, with its score.",
        (
            _SURVEY_ID,
            text("answer", "The answer as exported."),
            CatalogColumn("score", "DOUBLE", "Its score on the question's own scale."),
        ),
        ("survey_id", "answer"),
        _survey_answers,
    ),
    CatalogTable(
        "survey_waves",
        "One row per survey question and wave of invitations; waves of a question do not overlap.",
        (_SURVEY_ID, *VALIDITY, CatalogColumn("invited_count", "BIGINT", "How many people were asked.")),
        ("survey_id", "valid_from"),
        _survey_waves,
    ),
    CatalogTable(
        "satisfaction_measures",
        "One row per member and validity interval of a primary satisfaction measure; intervals do not overlap.",
        (
            MEMBER_ID,
            *VALIDITY,
            text("primary_measure", "What the KPI's value is: `trust`, or the survey measure."),
            text("survey_measure", "The measure of its survey score; null: none."),
        ),
        ("member_id", "valid_from"),
        _satisfaction_measures,
    ),
)

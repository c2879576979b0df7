"""Outcomes of predictions, accuracy by the week, and fairness."""

from __future__ import annotations

from collections.abc import Iterator

from tests.integration.conftest import Company
from tests.integration.planted.register import (
    Facts,
    Interval,
    estimate,
    exact,
    in_warehouse,
    keyed,
    quarantined,
    scorecard_weeks,
    start_of,
    whole_weeks,
)

OUTCOMES = {
    "tp": "true_positive_count", "fp": "false_positive_count", "fn": "false_negative_count",
    "tn": "true_negative_count", "correct": "correct_count", "labelled": "labelled_count",
    "absolute_error": "mean_absolute_error * valued_count", "error": "bias * valued_count",
    "hits": "hit_rate * labelled_count",
}  # fmt: skip


@exact("outcomes of every model, label source and version")
def outcomes(company: Company) -> tuple[Facts, Facts]:
    """Each label counted once, the latest of those within the window."""
    sums = ", ".join(f"sum({column})" for column in OUTCOMES.values())
    found = {
        (model, version): dict(zip(OUTCOMES, values, strict=True))
        for model, version, *values in company.rows(
            f"select model_id, label_source || '/' || model_version, {sums} from mart_accuracy_daily "
            "where cohort_attribute = 'all' and labelled_count > 0 group by all"
        )
    }
    planted = {
        (model, version, name): float(count)
        for model, truth in company.truth["predictions"]["members"].items()
        for version, counts in truth["outcomes"].items()
        for name, count in counts.items()
        if name != "actual"
    }
    return planted, {key: float(found.get(key[:2], {}).get(key[2]) or 0) for key in planted}


@exact("predictions of every model and day")
def predictions(company: Company) -> tuple[Facts, Facts]:
    """In production, each once."""
    found = company.rows(
        "select model_id, event_date::varchar, sum(prediction_count)::bigint from mart_accuracy_daily "
        "where cohort_attribute = 'all' and label_source <> 'holdout' and model_id <> 'unmapped' group by all"
    )
    planted = {
        (model, day): (count,)
        for model, truth in company.truth["predictions"]["members"].items()
        for day, count in truth["predictions"].items()
    }
    return planted, {key: value for key, value in keyed(found, 2).items() if key[0] != "writing-assistant"}


@exact("predictions set aside, or of no known model")
def broken_predictions(company: Company) -> tuple[Facts, Facts]:
    """How many."""
    truth = company.truth["predictions"]
    ((count,),) = in_warehouse(
        company,
        "select sum(prediction_count)::bigint from marts.fct_predictions_daily where model_id = 'unmapped'",
    )
    aside = quarantined(company, "predictions").get("predictions", 0)
    return {"quarantined": truth["quarantined"], "unmapped": truth["unmapped"]}, {
        "quarantined": aside,
        "unmapped": count,
    }


@estimate("accuracy of every model and week, on the scorecard")
def weekly_accuracy(company: Company) -> Iterator[Interval]:
    """Each model's declared measure against its law; weeks in which the law changes are left out."""
    laws = company.truth["predictions"]["laws"]
    plain = {
        model: laws[model][measure]
        for model, measure in (
            ("triage", "accuracy"), ("support-assistant", "accuracy"), ("recommender", "ndcg"),
            ("route-optimiser", "forecast_accuracy"),
        )
    }  # fmt: skip
    found = scorecard_weeks(company, "accuracy")
    for age, week in whole_weeks(company):
        fraud = laws["fraud-detector"]
        # v3, which serves from the 39th to the 44th day, is worse; from the 45th on, what is fraud has changed.
        of_fraud = fraud["recall"] if age + 7 <= 39 else fraud["recall_after_concept_drift"] if age >= 45 else None
        for model, law in {**plain, "fraud-detector": of_fraud}.items():
            if law is not None and (model, week) in found:
                yield Interval(f"{model}, {week}", law, *found[model, week])


@estimate("recall and selection of every age band in the first month")
def fairness(company: Company) -> Iterator[Interval]:
    """Before the worse version and the concept drift."""
    law = company.truth["predictions"]["laws"]["fraud-detector"]
    for band, recall_low, recall_high, low, high in company.rows(
        "select cohort_value, recall_low, recall_high, selection_low, selection_high from mart_fairness_monthly "
        "where model_id = 'fraud-detector' and cohort_attribute = 'age_band' and month_date = ?",
        start_of(company),
    ):
        which = "worse_band" if band == "over_65" else "usual_band"
        yield Interval(f"selection, {band}", law[f"selection_{which}"], low, high)
        if recall_low is not None:
            yield Interval(f"recall, {band}", law[f"recall_{which}"], recall_low, recall_high)

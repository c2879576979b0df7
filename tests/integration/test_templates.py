"""The templates and `plan-experiment` over the sample company: filled in as far as the marts go, blank beyond."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter
from typer.testing import CliRunner, Result

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.experiments import Experiment
from pipelines.catalog.domains.members import AiMember
from pipelines.catalog.load import load_catalog
from pipelines.cli import app
from pipelines.estimates.power import Baseline, detectable, sample_size
from pipelines.scorecard import plans, templates, words
from pipelines.warehouse.publish import read_published
from tests.integration.conftest import Company

MADE = datetime(2026, 3, 2, 4)  # noqa: DTZ001 - UTC, as `published_at` has it


@pytest.fixture(scope="module")
def catalog(company: Company) -> Catalog:
    return load_catalog(company.settings.catalog_dir)


@pytest.fixture(scope="module")
def read(company: Company) -> Any:
    return partial(read_published, company.settings)


def member(catalog: Catalog, model: str) -> AiMember:
    return next(one for one in catalog.members if one.id == model)


def shown(text: str) -> str:
    """Markdown as it reads."""
    return re.sub(r"\\(.)", r"\1", text)


def command(company: Company, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(company.settings.home)])


def test_a_plan_is_made_from_the_past_control_and_its_traffic(company: Company, read: Any, catalog: Catalog) -> None:
    planned = plans.plan(read, catalog, member(catalog, "recommender"), plans.Asked("revenue-per-user", mde=0.04))
    ((mean, users),) = company.rows(
        "select mean_value, unit_count from mart_experiments "
        "where experiment_id = 'recs-ranking' and metric_id = 'revenue-per-user' and is_control"
    )
    assert planned.baseline.mean == pytest.approx(mean)
    ((units, days),) = company.rows(
        "select experiment_unit_count, exposed_day_count from mart_experiment_baselines "
        "where experiment_id = 'recs-ranking' and metric_id = 'revenue-per-user'"
    )
    assert planned.units_per_day == pytest.approx(units / days)
    expected = sample_size(planned.baseline, 0.04 * mean)
    assert planned.variants == expected and expected is not None
    assert planned.days == -(-2 * expected.control // planned.units_per_day)
    assert f"{users:,} users of the control of recs-ranking" in dict(plans.summary(planned))["Baseline"]
    # With the sample size of an effect, that effect is what can be found.
    least = detectable(planned.baseline, expected)
    assert least.absolute == pytest.approx(0.04 * mean, rel=1e-3)


def test_a_plan_prefers_a_sound_experiment_and_keeps_direction_and_split(read: Any, catalog: Catalog) -> None:
    recommender = plans.plan(read, catalog, member(catalog, "recommender"), plans.Asked())
    assert recommender.like is not None and recommender.like.id == "recs-ranking", "recs-basket is newer, and invalid"
    fraud = plans.plan(read, catalog, member(catalog, "fraud-detector"), plans.Asked(split=0.2))
    assert fraud.asked.mde == 0.15, "as planned last time"
    assert fraud.variants is not None and fraud.variants.control == pytest.approx(4 * fraud.variants.treatment, abs=4)


def test_a_new_metric_is_planned_from_what_is_given(read: Any, catalog: Catalog) -> None:
    triage = member(catalog, "triage")
    share = plans.plan(read, catalog, triage, plans.Asked("referrals", 0.1, 0.12, units_per_day=400))
    assert share.baseline == Baseline.proportion(0.12) and share.metric.kind == "proportion"
    mean = plans.plan(read, catalog, triage, plans.Asked("minutes", 0.1, 12, deviation=4))
    assert mean.baseline.variance == 16 and "28 days" in mean.traffic_source


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (plans.Asked("waiting-minutes", 0.1), "no past experiment of the model has measured `waiting-minutes`"),
        (plans.Asked("x", 0.1, 12), "a mean needs --deviation"),
        (plans.Asked("x", None, 0.3), "the minimum detectable effect is required"),
        (plans.Asked("x", 5, 0.3), "--mde is 5"),
        (plans.Asked("x", 0.1, 0.3, power=0.01), "expected more than 0.05"),
    ],
)
def test_what_a_plan_lacks_is_said(read: Any, catalog: Catalog, asked: plans.Asked, message: str) -> None:
    with pytest.raises(plans.PlanError, match=re.escape(message)):
        plans.plan(read, catalog, member(catalog, "triage"), asked)


@pytest.mark.parametrize("model", ["recommender", "fraud-detector", "support-assistant"])
def test_the_stub_is_an_experiment_the_catalog_takes(read: Any, catalog: Catalog, model: str) -> None:
    planned = plans.plan(read, catalog, member(catalog, model), plans.Asked())
    found = TypeAdapter(Experiment).validate_python(yaml.safe_load(plans.stub(planned, date(2026, 3, 2))))
    assert (found.model, found.planned_units, found.primary_metric) == (model, planned.units, planned.metric)
    assert planned.like is not None and found.primary_metric == planned.like.primary_metric


def test_the_roi_template_has_value_payback_and_scenarios(company: Company, read: Any, catalog: Catalog) -> None:
    text = shown(templates.roi(read, member(catalog, "fraud-detector"), MADE))
    months = company.rows(
        "select value, ci_low, ci_high from mart_scorecard where model_id = 'fraud-detector' "
        "and kpi_id = 'business_value' and period = 'month' and value is not null"
    )
    assert len(months) == 3
    for value, low, high in months:
        assert f"| {words.amount(value, 'USD')} | {words.interval(low, high, 'USD')} |" in text
    for name, npv, payback in company.rows(
        "select name, npv_usd, payback_months from mart_project_scenarios "
        "where project_id = 'fraud-in-real-time' and kind = 'scenario'"
    ):
        assert f"| {name} | {words.amount(npv, 'USD')} | {words.number(payback) if payback else 'never'} |" in text
    assert "Probability that NPV > 0" in text and "A/B test" in text
    declared = shown(templates.roi(read, member(catalog, "support-assistant"), MADE))
    assert "unverified claim in the catalog" in declared and "baseline metric | ____ | ____ |" in declared


def test_the_post_mortem_has_the_log_and_what_was_usual(company: Company, read: Any, catalog: Catalog) -> None:
    ((incident, model),) = company.rows(
        "select incident_id, model_id from mart_incidents where pagerduty_incident_id is not null "
        "and jira_issue_key is not null and not is_open and model_id <> 'unmapped' order by started_at desc limit 1"
    )
    text = shown(templates.postmortem(read, member(catalog, model), incident, MADE))
    entries = company.rows("select event_at from mart_incident_timeline where incident_id = ? order by 1", incident)
    assert len(entries) >= 6
    assert all(f"| {words.moment(at)} |".replace(words.NBSP, " ") in text for (at,) in entries)
    for during, usual, low, high in company.rows(
        "select during_value, usual_value, usual_low, usual_high from mart_incident_impact "
        "where incident_id = ? and measure = 'predictions_per_hour'",
        incident,
    ):
        said = [words.number(during), words.number(usual), f"{words.number(low)} to {words.number(high)}"]
        assert f"| Predictions per hour | {' | '.join(said)} |" in text
    assert text.count("| no |") == 3, "the preventive actions are a table to fill in"


def test_an_incident_s_impact_is_that_of_its_hours(company: Company) -> None:
    """Against the hourly mart, hour by hour, in Python."""
    checked = 0
    for incident, model, begin, end, during, usual in company.rows(
        "select incident_id, incidents.model_id, date_trunc('hour', started_at), resolved_at, during_value, "
        "usual_value from mart_incidents as incidents inner join mart_incident_impact using (incident_id) "
        "where measure = 'predictions_per_hour' and not is_open and incidents.model_id <> 'unmapped' "
        "and resolve_seconds < 86400 and usual_value is not null order by incident_id limit 12"
    ):
        hours = company.rows(
            "select weeks, avg(prediction_count), sum(prediction_count), count(prediction_count) from "
            "mart_throughput_hourly cross join unnest([0, 1, 2, 3, 4]) as past (weeks) where model_id = ? "
            "and hour_at + to_days(cast(7 * weeks as integer)) >= ? "
            "and hour_at + to_days(cast(7 * weeks as integer)) < ? group by weeks",
            model,
            begin,
            end,
        )
        (now,) = (row[1] for row in hours if row[0] == 0)
        before = [row for row in hours if row[0] > 0]
        assert during == pytest.approx(now), incident
        assert usual == pytest.approx(sum(row[2] for row in before) / sum(row[3] for row in before)), incident
        checked += 1
    assert checked == 12


def test_the_commands_write_and_print(company: Company, tmp_path: Any) -> None:
    out = tmp_path / "roi.md"
    assert command(company, "template", "roi", "--model", "triage", "--out", str(out)).exit_code == 0
    assert out.read_text().startswith("# ROI of Triage")
    printed = command(company, "template", "experiment", "--model", "recommender")
    assert printed.exit_code == 0 and "```yaml" in printed.output
    planned = command(company, "plan-experiment", "--model", "recommender", "--mde", "0.03")
    assert planned.exit_code == 0, planned.output
    assert "Sample size" in planned.output and "planned_effect: 0.03" in planned.output
    written = command(company, "review", "weekly", "--team", "clinical-ai", "--as-of", "2026-02-22")
    assert written.exit_code == 0 and "weekly-2026-W08-clinical-ai.html" in written.output.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("template", "roi", "--model", "nope"), "there is no model `nope` in the catalog. There are: fraud-detector"),
        (
            ("template", "postmortem", "--model", "triage", "--incident", "Q0"),
            "Triage has no incident `Q0`. The newest",
        ),
        (("template", "postmortem", "--model", "triage"), "an incident is required"),
        (("review", "weekly", "--team", "nope"), "there is no team `nope` in the catalog. There are: clinical-ai"),
        (("review", "launch"), "the launched model is required"),
        (("review", "weekly", "--as-of", "2031-01-01"), "the published marts cover 2026-01-01 to 2026-03-01"),
        (("plan-experiment", "--model", "triage", "--metric", "x"), "Give its mean or share with --baseline"),
    ],
)
def test_misuse_says_what_there_is(company: Company, arguments: tuple[str, ...], message: str) -> None:
    result = command(company, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_nothing_published_says_what_to_run(company: Company, tmp_path: Any) -> None:
    catalog = str(company.settings.catalog_dir)
    for arguments in (
        ["review", "weekly"],
        ["template", "roi", "--model", "triage"],
        ["plan-experiment", "--model", "triage"],
    ):
        result = CliRunner().invoke(app, [*arguments, "--home", str(tmp_path), "--catalog", catalog])
        assert result.exit_code == 2
        assert "scorecard run" in " ".join(result.output.split())

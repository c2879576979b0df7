"""What was pulled is read by its sources and makes the right marts: of every connector, in one home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from pipelines.pulls.connectors import all_connectors
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import writer
from pipelines.warehouse.incomplete import incomplete_exports
from tests.integration import quality
from tests.pulls import (
    amplitude,
    anthropic,
    github,
    incident_io,
    jira,
    langfuse,
    mixpanel,
    mlflow,
    openai,
    pagerduty,
    qualtrics,
    typeform,
    zendesk,
)
from tests.pulls.conftest import Home

CATALOG = f"""
id: chat
kind: model
name: Chat
description: Answers.
business_unit: Service
identifiers:
  - {{source: pagerduty, kind: service_id, value: PSVC001}}
  - {{source: jira, kind: label, value: chat}}
  - {{source: incident_io, kind: incident_type, value: AI}}
  - {{source: github, kind: repository, value: {github.REPOSITORY}}}
  - {{source: github, kind: workflow, value: {github.REPOSITORY}/.github/workflows/deploy.yml}}
  - {{source: zendesk, kind: ticket_tag, value: chat}}
  - {{source: serving_logs, kind: model_name, value: gpt-chat}}
  - {{source: cloud_billing, kind: sub_account_id, value: proj_chat}}
  - {{source: cloud_billing, kind: sub_account_id, value: wrkspc_chat}}
features:
  - id: chat-feature
    name: Chat
    source: mixpanel
    qualifying_events: [Asked]
    target_population:
      - {{from: 2026-01-01, size: 10}}
  - id: chat-in-app
    name: Chat in the app
    source: amplitude
    qualifying_events: [Asked]
    target_population:
      - {{from: 2026-01-01, size: 10}}
surveys:
  - {{id: pulse, name: Pulse, source: qualtrics, survey: {qualtrics.SURVEY}, questions: [QID1], measure: csat,
      worst: 1, best: 5}}
  - {{id: feedback, name: Feedback, source: typeform, survey: {typeform.FORM}, questions: [rating], measure: csat,
      worst: 1, best: 5}}
satisfaction:
  - {{from: 2026-01-01, primary: survey, survey: csat}}
"""
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "select source, is_open, acknowledge_seconds, resolve_seconds from marts.mart_incidents order by source, is_open": [
        ("incident_io", False, 3600.0, 3600.0),
        ("jira", False, 900.0, 3600.0),
        ("pagerduty", False, 600.0, 7200.0),
        ("pagerduty", True, None, None),
    ],
    "select version, cast(deployed_date as varchar), is_rollback from marts.mart_deployments order by deployed_at": [
        ("v1", "2026-03-02", False),
        ("v2", "2026-03-04", False),
    ],
    "select ticket_count, deleted_ticket_count, good_count from marts.fct_tickets_daily where ticket_count > 0": [
        (1, 1, 1)
    ],
    # Amplitude's day is the event's, not the upload's, and an event that was delivered twice is one.
    "select feature_id, cast(event_date as varchar), active_user_count from marts.mart_feature_adoption_daily "
    "where feature_id <> 'all' and active_user_count > 0 order by all": [
        ("chat-feature", "2026-03-06", 2),
        ("chat-in-app", "2026-03-03", 2),
        ("chat-in-app", "2026-03-05", 1),
    ],
    "select cast(event_date as varchar), observation_count from marts.mart_satisfaction_measures_daily "
    "where observation_count > 0 order by all": [("2026-03-02", 1), ("2026-03-04", 2), ("2026-03-08", 1)],
    "select model_name, version, run_id, tags from raw.mlflow__model_versions order by all": [
        ("ranker", "1", "run-1", '{"release":"2026.02"}'),
        ("ranker", "2", "run-2", "{}"),
    ],
    # The agent that carries its call's tokens is no prediction; the failed call is none either.
    "select prediction_count, rate_limit_error_count, input_tokens, output_tokens, cached_input_tokens "
    "from marts.mart_throughput_hourly where request_count > 0": [(1, 1, 30, 5, 10)],
    # Dollars as they are, cents as dollars; a day's three charges of the model, and one of the default workspace.
    "select cast(event_date as varchar), provider_name, model_id, category, sum(billed_cost_usd)::varchar "
    "from marts.mart_cost_allocation_daily group by all order by all": [
        ("2026-03-02", "Anthropic", "chat", "external_api", "412.800000000000"),
        ("2026-03-02", "Anthropic", "unallocated", "external_api", "0.125000000000"),
        ("2026-03-02", "OpenAI", "chat", "external_api", "1.750000000000"),
        ("2026-03-05", "OpenAI", "unallocated", "external_api", "2.000000000000"),
    ],
}


@pytest.fixture
def servers(home: Home) -> Iterator[Home]:
    with ExitStack() as stack:
        home.connect("pagerduty", stack.enter_context(_pagerduty().server().up()))
        home.connect("github", stack.enter_context(_github().server().up()), repositories=[github.REPOSITORY])
        site = stack.enter_context(_jira().server().up())
        home.connect("jira", site, user=jira.USER, projects=["OPS", "ML"])
        home.connect("incident_io", stack.enter_context(_incident_io().server().up()))
        home.connect("zendesk", stack.enter_context(_zendesk().server().up()), user=zendesk.USER)
        project = stack.enter_context(_mixpanel().server().up())
        home.connect("mixpanel", project, user=mixpanel.USER, project_id=mixpanel.PROJECT)
        project = stack.enter_context(_langfuse().server().up())
        home.connect("langfuse", project, public_key=langfuse.PUBLIC_KEY)
        product = stack.enter_context(_amplitude().server().up())
        home.connect("amplitude", product, api_key=amplitude.API_KEY)
        home.connect("mlflow", stack.enter_context(_mlflow().server().up()), user=mlflow.USER)
        survey = stack.enter_context(_qualtrics().server().up())
        home.connect("qualtrics", survey, surveys=[qualtrics.SURVEY])
        home.connect("openai", stack.enter_context(_openai().server().up()))
        home.connect("anthropic", stack.enter_context(_anthropic(home).server().up()))
        home.connect("typeform", stack.enter_context(_typeform().server().up()), forms=[typeform.FORM])
        yield home


def test_what_every_connector_wrote_makes_the_marts(servers: Home) -> None:
    settings = servers.settings
    assert set(settings.pulls.configured()) == set(all_connectors()), "a new connector is tried here too"
    for name in all_connectors():
        assert servers.pull(name).error is None
    folder = settings.catalog_dir / "workforce"
    folder.mkdir(parents=True)
    (settings.catalog_dir / "company.yaml").write_text("name: Acme\n")
    (folder / "chat.yaml").write_text(CATALOG)
    marts = sorted({word.split(".")[1] for query in EXPECTED for word in query.split() if word.startswith("marts.")})
    read = sorted({connector.source for connector in all_connectors().values()})
    quality.run(settings, tests=True, sources=read, marts=marts)
    for query, rows in EXPECTED.items():
        assert _rows(settings, query) == rows, query
    problems = _rows(settings, "select path, status, message from ledger.files where status <> 'loaded'")
    assert problems == [] == _rows(settings, "select source, reason from raw.quarantine")
    assert incomplete_exports(settings, all_sources()) == []
    quiet = _rows(settings, "select count(distinct day) from ledger.file_version_days where source = 'pagerduty'")
    assert quiet == [(10,)], "days without an incident are covered"


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with writer(settings, "comparing") as connection:
        return connection.execute(query).fetchall()


def _pagerduty() -> pagerduty.PagerDuty:
    account = pagerduty.PagerDuty()
    first = account.incident(1, "2026-03-02T10:00:00Z")
    account.entry(first, "acknowledge_log_entry", "2026-03-02T10:10:00Z")
    account.resolve(first, "2026-03-02T12:00:00Z")
    account.incident(2, "2026-03-05T10:00:00Z")
    return account


def _github() -> github.GitHub:
    account = github.GitHub()
    account.deploy(1, "2026-03-02T10:00:00Z", "v1")
    account.deploy(2, "2026-03-04T10:00:00Z", "v2")
    account.deploy(3, "2026-03-05T10:00:00Z", "v3", "failure")
    return account


def _jira() -> jira.Jira:
    site = jira.Jira()
    issue = site.issue(1, "2026-03-03T10:00:00.000+0000")
    site.change(issue, "2026-03-03T10:15:00.000+0000", status=("Open", "Working"))
    site.change(issue, "2026-03-03T11:00:00.000+0000", status=("Working", "Done"), resolution=(None, "Fixed"))
    return site


def _incident_io() -> incident_io.IncidentIo:
    account = incident_io.IncidentIo()
    row = account.incident(1, "2026-03-04T10:00:00Z")
    account.update(row, "2026-03-04T11:00:00Z", "Closed", "closed")
    return account


def _zendesk() -> zendesk.Zendesk:
    account = zendesk.Zendesk()
    account.ticket(1, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", score="offered")
    account.ticket(1, "2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z", score="good")
    account.ticket(2, "2026-03-02T10:00:00Z", "2026-03-02T13:00:00Z", "deleted")
    return account


def _mixpanel() -> mixpanel.Mixpanel:
    project = mixpanel.Mixpanel()
    for user in ("u1", "u2", "u2"):
        project.event("Asked", "2026-03-06T10:00:00Z", user)
    return project


def _langfuse() -> langfuse.Langfuse:
    project = langfuse.Langfuse(page_size=2)
    begin, end = "2026-03-02T10:00:00.000Z", "2026-03-02T10:00:02.000Z"
    usage = {"input": 20, "input_cached_tokens": 10, "output": 5, "total": 35}
    project.observe("agent", begin, end, "AGENT", providedModelName="gpt-chat", usageDetails=usage)
    project.observe("step", begin, end, "CHAIN", parentObservationId="agent")
    project.observe("call", begin, end, parentObservationId="step", usageDetails=usage)
    message = "Error code: 429 - rate limit reached"
    project.observe("failed", begin, end, traceId="trace-2", level="ERROR", statusMessage=message, usageDetails={})
    return project


def _amplitude() -> amplitude.Amplitude:
    project = amplitude.Amplitude(most=2)
    project.event("Asked", "2026-03-03T10:00:00", user="u1")
    project.event("Asked", "2026-03-03T23:59:59", uploaded="2026-03-04T00:00:02", user="u2")
    event = project.event("Asked", "2026-03-05T10:00:00", user="u1")
    project.events.append(event)
    project.event("Asked", "2026-03-05T20:00:00", user="u1")
    return project


def _mlflow() -> mlflow.Mlflow:
    registry = mlflow.Mlflow(page_size=1)
    registry.version("ranker", "1", "2026-03-02T10:00:00Z", release="2026.02")
    registry.version("ranker", "2", "2026-03-03T10:00:00Z")
    return registry


def _qualtrics() -> qualtrics.Qualtrics:
    survey = qualtrics.Qualtrics()
    survey.respond(1, "2026-03-08 10:00:00", "4")
    return survey


def _openai() -> openai.OpenAi:
    organization = openai.OpenAi()
    organization.spend("2026-03-02", 1.5, "gpt-5, input", "proj_chat")
    organization.spend("2026-03-02", 0.25, "web search tool calls", "proj_chat")
    organization.spend("2026-03-05", 2.0, "gpt-5, input", "proj_other")
    return organization


def _anthropic(home: Home) -> anthropic.Anthropic:
    organization = anthropic.Anthropic(home.clock)
    model = "claude-opus-4-1"
    organization.spend("2026-03-02", "41280.000000", "Claude Opus 4.1 Usage - Input Tokens", "wrkspc_chat", model)
    organization.spend("2026-03-02", "12.5", "Claude Opus 4.1 Usage - Output Tokens", None, model)
    return organization


def _typeform() -> typeform.Typeform:
    form = typeform.Typeform()
    form.response(1, "2026-03-04T10:00:00Z", 5)
    form.response(2, "2026-03-04T11:00:00Z", 2)
    return form

"""What `scorecard doctor` says of data that count as none, on the files of a few cases."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.advice import left_out, spend_billed_elsewhere
from tests.cases.case import Case
from tests.cases.home import catalog_of, land
from tests.integration import quality

CASES = (
    "github-deployments-without-statuses",
    "github-environment-of-its-own-name",
    "mixpanel-device-without-a-login",
    "otlp-tokens-under-other-names",
)


def test_doctor_names_attempts_without_an_outcome_environments_calls_without_tokens_and_uses_by_nobody(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.landing_dir.mkdir(parents=True)
    cases = [Case(name) for name in CASES]
    catalog_of(cases, settings.home)
    for case in cases:
        land(case, settings.home)
    quality.run(
        settings,
        sources=("github", "mixpanel", "serving_logs"),
        marts=(
            "int_deployment_outcomes__missing",
            "int_deployment_reports__united",
            "int_events__accounted",
            "fct_serving_hourly",
        ),
    )
    assert sorted(left_out(settings)) == [
        "github: 1 deployment of github-environment-of-its-own-name in lab/own-word:blue is not counted: nothing says "
        "whether blue is production. If it is, map it in the catalog, with `kind: environment`",
        "github: 2 attempts to deploy github-deployments-without-statuses came without deployment statuses, the newest "
        "of 2026-01-22: nobody can say whether they succeeded. Deliver these too",
        "mixpanel: 1 of 3 uses of features are of devices on which nobody logs in: they count for no user",
        "serving_logs: none of 2 calls of otlp-tokens-under-other-names has a token count: the log lacks it, or has it "
        "under another name",
    ]


def test_doctor_names_a_vendors_spend_on_another_bill_and_not_what_a_cloud_runs(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    folder = settings.landing_dir / "cloud_billing"
    folder.mkdir(parents=True)
    catalog_of([Case("openai-amounts-as-text")], settings.home)
    result = {"object": "organization.costs.result", "amount": {"value": 500.0, "currency": "usd"}}
    bucket = {"object": "bucket", "start_time": 1772409600, "end_time": 1772496000, "results": [result]}
    (folder / "costs.json").write_text(json.dumps({"object": "page", "data": [bucket], "has_more": False}))
    times = "1772409600,1772496000"
    for organization in ("a", "b"):  # two that name themselves are two
        (folder / f"costs-of-{organization}.csv").write_text(
            "start_time,end_time,amount_value,amount_currency,line_item,organization_id\n"
            f"{times},{7 if organization == 'a' else 8},usd,,org-{organization}\n"
        )
    charges = (
        ("2026-03-31", "480", "AWS", "OpenAI, L.L.C.", "OpenAI API, private offer"),
        ("2026-03-31", "20", "AWS", "OpenAI, L.L.C.", "OpenAI API, private offer"),
        ("2026-02-28", "450", "AWS", "OpenAI, L.L.C.", "OpenAI API, private offer"),  # no report of that month
        ("2026-03-31", "70", "AWS", "Anthropic, PBC", "Claude, private offer"),  # no report of that vendor
        ("2026-03-02", "90", "Microsoft", "OpenAI", "Azure OpenAI"),
        ("2026-03-02", "30", "AWS", "Anthropic, PBC", "Claude Sonnet 4.5 (Amazon Bedrock Edition)"),
        ("2026-03-02", "10", "AWS", "Amazon Web Services", "Amazon Elastic Compute Cloud"),
    )
    header = (
        "ChargePeriodStart,BilledCost,EffectiveCost,ProviderName,PublisherName,ServiceName,BillingCurrency,"
        "BillingAccountId,ChargeCategory"
    )
    lines = [
        f'{day},{cost},{cost},{provider},"{publisher}","{service}",USD,111122223333,Usage'
        for day, cost, provider, publisher, service in charges
    ]
    (folder / "focus.csv").write_text("\n".join([header, *lines]) + "\n")
    assert spend_billed_elsewhere(settings) == [], "nothing was built yet"
    quality.run(settings, sources=("cloud_billing",), marts=("int_charges__current",))
    assert spend_billed_elsewhere(settings) == [
        f"cloud_billing: OpenAI's own report has costs of 2026-03, and so has the bill of {other}. If they are the "
        "same spend, they count twice: land one of the two. See docs/connect.md, OpenAI and Anthropic"
        for other in (
            "AWS, account 111122223333: OpenAI API, private offer, 2 charges, 500.00 USD",
            "OpenAI, account org-a: OpenAI API, 1 charge, 7.00 USD",
            "OpenAI, account org-b: OpenAI API, 1 charge, 8.00 USD",
        )
    ]

"""What `scorecard doctor` says of data that count as none, on the files of a few cases."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.advice import left_out
from tests.cases.case import Case
from tests.cases.home import catalog_of, land
from tests.integration import quality

CASES = ("github-deployments-without-statuses", "mixpanel-device-without-a-login", "otlp-tokens-under-other-names")


def test_doctor_names_attempts_without_an_outcome_calls_without_tokens_and_uses_by_nobody(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.landing_dir.mkdir(parents=True)
    cases = [Case(name) for name in CASES]
    catalog_of(cases, settings.home)
    for case in cases:
        land(case, settings.home)
    quality.run(
        settings,
        sources=("github", "mixpanel", "serving_logs"),
        marts=("int_deployment_outcomes__missing", "int_events__accounted", "fct_serving_hourly"),
    )
    assert sorted(left_out(settings)) == [
        "github: 2 attempts to deploy github-deployments-without-statuses came without deployment statuses, the newest "
        "of 2026-01-22: nobody can say whether they succeeded. Deliver these too",
        "mixpanel: 1 of 3 uses of features are of devices on which nobody logs in: they count for no user",
        "serving_logs: none of 2 calls of otlp-tokens-under-other-names has a token count: the log lacks it, or has it "
        "under another name",
    ]

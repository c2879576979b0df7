"""A company with two AI models, seven vendors and a bucket with its bill: servers on loopback for `scorecard connect`.

The models have another spelling in each system, beside names that are of no model. `python -m tests.connect.acme`
serves until its input ends, and prints the options that connect to it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from tests.buckets.servers import ENVIRONMENT, S3, running
from tests.pulls import github, jira, langfuse, mixpanel, openai, pagerduty, zendesk
from tests.pulls.vendor import Vendor

VARIABLES = (
    "GITHUB_TOKEN",
    "JIRA_TOKEN",
    "LANGFUSE_SECRET_KEY",
    "MIXPANEL_SECRET",
    "OPENAI_ADMIN_KEY",
    "PAGERDUTY_TOKEN",
    "ZENDESK_TOKEN",
)
SYSTEMS = ("github", "jira", "langfuse", "mixpanel", "openai", "pagerduty", "zendesk")
BUCKET = "acme-billing"
COSTS = {"fraud-detector": "5.00", "support-assistant": "1.25", "data-warehouse": "0.50"}
"""What a day of each application costs at the cloud, in dollars."""
FRAUD, SUPPORT, SHOP = "PFRAUD1", "PSUPP01", "PSHOP01"


@contextmanager
def servers(now: datetime) -> Iterator[dict[str, Vendor]]:
    """The seven servers, with what happened in the week before `now`; system → server."""
    made = {
        "github": _github(now).server(),
        "jira": _jira(now).server(),
        "langfuse": _langfuse(now).server(),
        "mixpanel": _mixpanel(now).server(),
        "openai": _openai(now).server(),
        "pagerduty": _pagerduty(now).server(),
        "zendesk": _zendesk(now).server(),
    }
    with ExitStack() as stack:
        for server in made.values():
            stack.enter_context(server.up())
        yield made


def options(servers: dict[str, Vendor], since: datetime) -> list[str]:
    """The arguments of `scorecard connect` for them."""
    own = {
        "github.repositories": "acme/fraud-detector",
        "jira.user": jira.USER,
        "jira.projects": "OPS,ML",
        "langfuse.public_key": langfuse.PUBLIC_KEY,
        "mixpanel.user": mixpanel.USER,
        "mixpanel.project_id": str(mixpanel.PROJECT),
        "zendesk.user": zendesk.USER,
        **{f"{name}.base_url": server.url for name, server in servers.items()},
        **{f"{name}.since": f"{since:%Y-%m-%d}" for name in servers},
    }
    return [*SYSTEMS, *(part for key, value in own.items() for part in ("--set", f"{key}={value}"))]


@contextmanager
def billed(now: datetime) -> Iterator[S3]:
    """A bucket with two days of the cloud's bill, as FOCUS; the environment has to hold the test's credentials."""
    with contextmanager(running)() as s3:
        s3.new_bucket(BUCKET)
        for days, costs in ((4, COSTS), (3, COSTS)):
            day = f"{now - timedelta(days=days):%Y-%m-%d}"
            s3.put(f"focus/{day}.csv.gz", gzip.compress(_focus(now - timedelta(days=days), costs)))
        s3.forget()
        yield s3


def bucket_options(s3: S3) -> list[str]:
    """The arguments of `scorecard connect` for the bill."""
    return ["--bucket", f"cloud_billing=s3://{BUCKET}/focus", "--set", f"s3://{BUCKET}.endpoint={s3.endpoint}"]


def _focus(day: datetime, costs: dict[str, str]) -> bytes:
    """A day's charges: the value of the tag `application` → dollars."""
    month = day.replace(day=1)
    rows = [
        {
            "BillingAccountId": "111122223333",
            "BillingCurrency": "USD",
            "BillingPeriodStart": f"{month:%Y-%m-%d}T00:00:00Z",
            "BillingPeriodEnd": f"{(month + timedelta(days=31)).replace(day=1):%Y-%m-%d}T00:00:00Z",
            "ChargePeriodStart": f"{day:%Y-%m-%d}T00:00:00Z",
            "ChargePeriodEnd": f"{day + timedelta(days=1):%Y-%m-%d}T00:00:00Z",
            "ChargeCategory": "Usage",
            "BilledCost": cost,
            "EffectiveCost": cost,
            "ProviderName": "AWS",
            "ServiceCategory": "Compute",
            "ServiceName": "Amazon EC2",
            "Tags": json.dumps({"application": application}),
        }
        for application, cost in costs.items()
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _at(now: datetime, days: int, hour: int, minute: int = 0) -> str:
    day = now - timedelta(days=days)
    return f"{day:%Y-%m-%d}T{hour:02}:{minute:02}:00Z"


def _pagerduty(now: datetime) -> pagerduty.PagerDuty:
    account = pagerduty.PagerDuty(
        services={FRAUD: "Fraud Detector", SUPPORT: "Support Assistant (prod)", SHOP: "Web shop"}
    )
    # Two hours of the fraud detector, and an hour of the shop, which is of no model.
    for number, (service, name, hours) in enumerate(((FRAUD, "Fraud Detector", 2), (SHOP, "Web shop", 1)), start=1):
        about = {"id": service, "type": "service_reference", "summary": name}
        row = account.incident(number, _at(now, 4, 10), service=about)
        account.entry(row, "acknowledge_log_entry", _at(now, 4, 10, 15))
        account.resolve(row, _at(now, 4, 10 + hours))
    return account


def _jira(now: datetime) -> jira.Jira:
    site = jira.Jira()
    for number, label in ((1, "support-assistant"), (2, "checkout")):
        issue = site.issue(number, _at(now, 3, 9).replace("Z", ".000+0000"))
        issue["fields"]["labels"] = [label]
        at = [_at(now, 3, *clock).replace("Z", ".000+0000") for clock in ((9, 30), (10, 0))]
        site.change(issue, at[0], status=("Open", "Working"))
        site.change(issue, at[1], status=("Working", "Done"), resolution=(None, "Fixed"))
    return site


def _github(now: datetime) -> github.GitHub:
    account = github.GitHub(
        name="acme/fraud-detector", repositories=["acme/fraud-detector", "acme/shop", "acme/website"]
    )
    account.deploy(1, _at(now, 6, 8), "v1")
    account.deploy(2, _at(now, 2, 8), "v2")
    return account


def _zendesk(now: datetime) -> zendesk.Zendesk:
    account = zendesk.Zendesk()
    for number, (tag, score) in enumerate(
        (("support_assistant", "good"), ("support_assistant", "bad"), ("refund", "good")), start=1
    ):
        account.ticket(number, _at(now, 5, 9), _at(now, 5, 10 + number), score=score)
        account.changes[-1]["tags"] = [tag]
    return account


def _langfuse(now: datetime) -> langfuse.Langfuse:
    project = langfuse.Langfuse()
    # Four answers and one that failed, and a call of an application that is no model of the scorecard.
    for number in range(6):
        project.observe(
            f"call-{number}",
            _at(now, 3, 9, number),
            _at(now, 3, 9, number + 1),
            traceId=f"trace-{number}",
            traceName="nightly-eval" if number == 5 else "support-assistant",
            providedModelName="gpt-5",
            level="ERROR" if number == 4 else "DEFAULT",
        )
    return project


def _mixpanel(now: datetime) -> mixpanel.Mixpanel:
    project = mixpanel.Mixpanel()
    for name, user in (
        ("Support assistant shown", "u1"),
        ("Support assistant: reply sent", "u1"),
        ("Support assistant: reply sent", "u2"),
        ("Checkout completed", "u3"),
    ):
        project.event(name, _at(now, 3, 12), user)
    return project


def _openai(now: datetime) -> openai.OpenAi:
    organization = openai.OpenAi(projects={"proj_s1": "Support assistant", "proj_p1": "Playground"})
    day = _at(now, 3, 0)[:10]
    organization.spend(day, 1.5, "gpt-5, input", "proj_s1")
    organization.spend(day, 0.25, "gpt-5, output", "proj_s1")
    organization.spend(day, 2.0, "gpt-5, input", "proj_p1")
    return organization


if __name__ == "__main__":
    # A command in another process needs the same credentials: the test's own, which are printed.
    os.environ.update(ENVIRONMENT)
    moment = datetime.now(UTC)
    with servers(moment) as vendors, billed(moment) as bucket:
        print("export", *(f"{name}={value}" for name, value in ENVIRONMENT.items()))
        print(*options(vendors, moment - timedelta(days=8)), *bucket_options(bucket), flush=True)
        sys.stdin.read()

"""A company with two AI models and six vendors, each a server on loopback, for `scorecard connect` and what follows.

The models have another spelling in each system, beside names that are of no model. `python -m tests.connect.acme`
serves until its input ends, and prints the options that connect to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from tests.pulls import github, jira, mixpanel, openai, pagerduty, zendesk
from tests.pulls.vendor import Vendor

VARIABLES = (
    "GITHUB_TOKEN",
    "JIRA_TOKEN",
    "MIXPANEL_SECRET",
    "OPENAI_ADMIN_KEY",
    "PAGERDUTY_TOKEN",
    "ZENDESK_TOKEN",
)
SYSTEMS = ("github", "jira", "mixpanel", "openai", "pagerduty", "zendesk")
FRAUD, SUPPORT, SHOP = "PFRAUD1", "PSUPP01", "PSHOP01"


@contextmanager
def servers(now: datetime) -> Iterator[dict[str, Vendor]]:
    """The six servers, with what happened in the week before `now`; system → server."""
    made = {
        "github": _github(now).server(),
        "jira": _jira(now).server(),
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
        "mixpanel.user": mixpanel.USER,
        "mixpanel.project_id": str(mixpanel.PROJECT),
        "zendesk.user": zendesk.USER,
        **{f"{name}.base_url": server.url for name, server in servers.items()},
        **{f"{name}.since": f"{since:%Y-%m-%d}" for name in servers},
    }
    return [*SYSTEMS, *(part for key, value in own.items() for part in ("--set", f"{key}={value}"))]


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
    with servers(datetime.now(UTC)) as running:
        print(" ".join(options(running, datetime.now(UTC) - timedelta(days=8))), flush=True)
        sys.stdin.read()

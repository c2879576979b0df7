"""Thirty mornings of servers that change, delete, throttle and fail leave in landing what one pull at the end does."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.pulls import anthropic, jira, langfuse, openai, pagerduty, typeform
from tests.pulls.conftest import START, Home
from tests.pulls.vendor import Clock, Response, Vendor

FAULTS = (
    Response({}, 429, {"Retry-After": "2"}),
    Response({}, 503),
    Response({"incidents": []}, cut=3),
    Response(b"<html>"),
    Response({"message": "suspended"}, 403),  # ends the pull
)
MORNINGS = 30


def _incidents(account: pagerduty.PagerDuty, luck: random.Random, day: str) -> None:
    for number in range(luck.randint(0, 4)):
        account.incident(len(account.log_entries) * 10 + number, f"{day}T{luck.randint(0, 23):02}:00:00Z")
    if account.incidents and luck.random() < 0.7:
        account.resolve(luck.choice(account.incidents), f"{day}T23:30:00Z")
    if account.incidents and luck.random() < 0.3:
        account.incidents.remove(luck.choice(account.incidents))


def _responses(form: typeform.Typeform, luck: random.Random, day: str) -> None:
    for number in range(luck.randint(0, 3)):
        form.response(int(day[8:]) * 100 + int(day[5:7]) * 10_000 + number, f"{day}T{luck.randint(0, 23):02}:00:00Z")
    if form.items and luck.random() < 0.3:
        del form.items[-1]  # one of the last days


def _issues(site: jira.Jira, luck: random.Random, day: str) -> None:
    for _ in range(luck.randint(0, 3)):
        site.issue(len(site.issues), f"{day}T{luck.randint(0, 11):02}:00:00.000+0000")
    for issue in luck.sample(site.issues, min(2, len(site.issues))):
        site.change(issue, f"{day}T{luck.randint(12, 23):02}:00:00.000+0000", status=("Open", "Working"))


def _costs(organization: openai.OpenAi, luck: random.Random, day: str) -> None:
    for number in range(luck.randint(0, 2)):
        organization.spend(day, round(luck.random(), 2), f"gpt-{number}, input", luck.choice(["proj_chat", None]))
    if organization.costs and luck.random() < 0.5:  # restated, also weeks later
        luck.choice(organization.costs)["value"] = round(luck.random(), 2)
    if organization.costs and luck.random() < 0.2:
        organization.costs.remove(luck.choice(organization.costs))


def _cents(organization: anthropic.Anthropic, luck: random.Random, day: str) -> None:
    for _ in range(luck.randint(0, 2)):
        organization.spend(
            day, f"{luck.randint(1, 999)}.5", "Claude Usage", luck.choice(["wrkspc_chat", None]), "claude"
        )
    if organization.costs and luck.random() < 0.5:
        luck.choice(organization.costs)["cents"] = f"{luck.randint(1, 999)}.25"


def _calls(project: langfuse.Langfuse, luck: random.Random, day: str) -> None:
    for row in project.rows[-2:]:  # of the last two days: they end
        row["endTime"] = row["endTime"] or row["startTime"]
    for number in range(luck.randint(0, 3)):
        project.observe(f"{day}-{number}", f"{day}T{luck.randint(0, 23):02}:00:00.000Z", None)
    if project.rows and project.rows[-1]["startTime"].startswith(day) and luck.random() < 0.2:
        project.rows.pop()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
def test_thirty_mornings_are_one_pull_at_the_end(
    home: Home, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - not a key
    account, form, site = pagerduty.PagerDuty(), typeform.Typeform(page_size=2), jira.Jira(page_size=2, changes_size=2)
    organization, project = openai.OpenAi(page_size=1), langfuse.Langfuse(page_size=2, pauses=1)
    console = anthropic.Anthropic(home.clock, page_size=1)
    changes: tuple[Callable[[str], None], ...] = (
        lambda day: _incidents(account, luck, day),
        lambda day: _responses(form, luck, day),
        lambda day: _issues(site, luck, day),
        lambda day: _costs(organization, luck, day),
        lambda day: _cents(console, luck, day),
        lambda day: _calls(project, luck, day),
    )
    with ExitStack() as stack:
        vendors = (account, form, site, organization, console, project)
        servers = [stack.enter_context(one.server().up()) for one in vendors]
        _connect(home, servers)
        for morning in range(MORNINGS):
            day = f"{START + timedelta(days=morning - 1):%Y-%m-%d}"
            for change in changes:
                change(day)
            for vendor in servers:
                vendor.fail(*(luck.choice((*FAULTS, *[None] * 20)) for _ in range(8)))
            home.clock.time = START + timedelta(days=morning)
            for source in home.settings.pulls.configured():
                home.pull(source)
        for vendor in servers:
            vendor.faults.clear()
        other = Home(Settings(home=tmp_path_factory.mktemp("other")), Clock(home.clock.time))
        _connect(other, servers)
        for source in home.settings.pulls.configured():
            assert home.pull(source).error is None and other.pull(source).error is None
    grown, fresh = _content(home), _content(other)
    assert grown.keys() == fresh.keys()
    assert [name for name in fresh if not name.startswith("jira") and grown[name] != fresh[name]] == []
    assert _newest(home) == _newest(other), "an issue's former days are kept, and its newest snapshot counts"


def _connect(home: Home, servers: list[Vendor]) -> None:
    home.connect("pagerduty", servers[0])
    home.connect("typeform", servers[1], forms=[typeform.FORM])
    home.connect("jira", servers[2], user=jira.USER, projects=["OPS", "ML"])
    home.connect("openai", servers[3])
    home.connect("anthropic", servers[4])
    home.connect("langfuse", servers[5], public_key=langfuse.PUBLIC_KEY)


def _content(home: Home) -> dict[str, bytes]:
    # A day on which no issue changed last has no changelogs, and may have had some before.
    return {name: text for name, text in home.content().items() if "changelogs" not in Path(name).parts}


def _newest(home: Home) -> dict[str, str]:
    rows = [row for rows in home.records("jira/pulled/issues", "issues").values() for row in rows]
    rows.sort(key=lambda row: str(row["fields"]["updated"]))
    return {row["key"]: row["fields"]["updated"] for row in rows}

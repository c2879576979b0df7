"""GitHub REST v3, per repository: deployments, their statuses, workflow runs and earlier attempts of these.

Not asked for: pull requests, commits, users, logs. Who deployed (`creator`, `actor`) is in the pages unasked.

Deployments have no filter by time: they are listed newest first, until one is older than the window. Runs have one, and
end after 1,000 (https://docs.github.com/rest/actions/workflow-runs). A run that is repeated keeps its id and is listed
with its newest attempt alone; the others are asked for one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.errors import PullError
from pipelines.pulls.paging import Listed, by_intervals
from pipelines.pulls.spec import Answer, Api, Asker, Connector, Json, Listing, Page, Plan, Position, Stream, Window
from pipelines.settings.pulls import GitHubPullSettings, PullSettings

LIMIT, MOST = 100, 1_000
DEPLOYMENTS, STATUSES, RUNS = "REST deployments", "REST deployment statuses", "REST workflow runs"
LATE = timedelta(days=7)
"""A deployment's last status may come, and a run be repeated, days later."""


def _deployments(repository: str, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    path = f"/repos/{repository}/deployments"
    for number in count(position["page"] if position else 1):
        answer = api.get(path, {"per_page": LIMIT, "page": number})
        records = records_of(format_of("github", DEPLOYMENTS), answer.json, f"github, {path}")
        is_last = not _has_next(answer) or any(_created(record) < window.start for record in records)
        yield Page(answer.body, records, {"page": number + 1}, is_last)
        if is_last:
            return


def _statuses(repository: str, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    documents = api.pulled(f"deployments/{repository}", window)
    # A deployment made while its pages were read is on two of them.
    ids = list(dict.fromkeys(row["id"] for rows in documents for row in rows if _created(row) >= window.start))
    done, number = (position["done"], position["page"]) if position else (0, 1)
    while done < len(ids):
        path = f"/repos/{repository}/deployments/{ids[done]}/statuses"
        answer = api.get(path, {"per_page": LIMIT, "page": number})
        records = records_of(format_of("github", STATUSES), answer.json, f"github, {path}")
        done, number = (done, number + 1) if _has_next(answer) else (done + 1, 1)
        yield Page(answer.body, records, {"done": done, "page": number}, is_last=done == len(ids))


def _runs(repository: str, workflow: str | None, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    actions = f"/repos/{repository}/actions"
    path = f"{actions}/workflows/{workflow}/runs" if workflow else f"{actions}/runs"

    def ask(start: datetime, end: datetime, number: int) -> Listed:
        # The range includes both ends, to the second.
        asked = {
            "created": f"{start:%Y-%m-%dT%H:%M:%SZ}..{end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
            "exclude_pull_requests": "true",
            "per_page": LIMIT,
            "page": number + 1,
        }
        answer = api.get(path, asked)
        records = records_of(format_of("github", RUNS), answer.json, f"github, {path}")
        return Listed(answer, records, answer.json.get("total_count"), _has_next(answer))

    for page in by_intervals(window, position, MOST, ask):
        # Before their page: a pull that stops between them asks for the page again, and repeats what is the same.
        for run in page.records:
            for attempt in range(1, run.get("run_attempt") or 1):
                earlier = api.get(f"{actions}/runs/{run['id']}/attempts/{attempt}", {"exclude_pull_requests": "true"})
                yield Page(earlier.body, [earlier.json], None)
        yield page


def _has_next(answer: Answer) -> bool:
    """Whether there is a further page; a page may be short before the last one."""
    return 'rel="next"' in answer.headers.get("link", "")


def _created(record: Json) -> datetime:
    return datetime.fromisoformat(record["created_at"])


def _headers(_: PullSettings, token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def _streams(settings: PullSettings) -> list[Stream]:
    assert isinstance(settings, GitHubPullSettings)  # noqa: S101 - what PullsSettings has under this name
    listed, daily = Plan("since", overlap=LATE), Plan("day", overlap=LATE)
    found: list[Stream] = []
    for repository in settings.repositories:
        found += [
            Stream(f"deployments/{repository}", DEPLOYMENTS, listed, partial(_deployments, repository)),
            Stream(f"statuses/{repository}", STATUSES, listed, partial(_statuses, repository)),
        ]
        for workflow in settings.workflows or (None,):
            folder = "/".join(filter(None, ("runs", repository, workflow)))
            found.append(Stream(folder, RUNS, daily, partial(_runs, repository, workflow)))
    return found


def _look(vendor: Asker, settings: PullSettings, _: datetime) -> list[Listing]:
    chosen = getattr(settings, "repositories", ())
    # Every token may list repositories: whether it may read deployments, these show.
    for repository in chosen:
        path = f"/repos/{repository}/deployments"
        listed(vendor.get(path, {"per_page": 1}).json, "", f"github, {path}")
    try:
        answer = vendor.get("/user/repos", {"per_page": LIMIT, "sort": "pushed"})
        names = [(row["full_name"], None) for row in listed(answer.json, "", "github, /user/repos")]
        is_whole = not _has_next(answer)
    except PullError:
        if not chosen:
            raise
        names, is_whole = [(repository, None) for repository in chosen], False  # an app's token has no user
    return [Listing(("repository", "repositories"), names, "repository", "repositories", is_whole)]


CONNECTOR = Connector(
    name="github",
    source="github",
    title="GitHub",
    base_url="https://api.github.com",
    permission="a fine-grained token with read access to Deployments and Actions of the repositories",
    headers=_headers,
    streams=_streams,
    look=_look,
)

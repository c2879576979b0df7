"""One small look at each vendor: what there is, and in a sentence what is wrong where there is no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.errors import PullError
from pipelines.pulls.run import client_of
from pipelines.pulls.spec import Listing
from tests.pulls import anthropic, github, incident_io, jira, langfuse, mixpanel, openai, pagerduty, typeform, zendesk
from tests.pulls.conftest import Home
from tests.pulls.vendor import TOKEN, Response, Vendor

Make = Callable[[Home], tuple[Vendor, dict[str, Any]]]


def _zendesk(_: Home) -> tuple[Vendor, dict[str, Any]]:
    account = zendesk.Zendesk()
    account.ticket(1, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")
    account.ticket(2, "2026-01-02T10:00:00Z", "2026-01-02T11:00:00Z")
    account.changes[1]["tags"] = ["long ago"]
    account.changes.reverse()
    return account.server(), {"user": zendesk.USER}


def _mixpanel(_: Home) -> tuple[Vendor, dict[str, Any]]:
    project = mixpanel.Mixpanel()
    for name in ("Asked", "Answered", "Asked", "$identify"):
        project.event(name, "2026-03-06T10:00:00Z")
    return project.server(), {"user": mixpanel.USER, "project_id": mixpanel.PROJECT}


def _jira(_: Home) -> tuple[Vendor, dict[str, Any]]:
    site = jira.Jira()
    site.issue(1, "2026-03-03T10:00:00.000+0000")
    return site.server(), {"user": jira.USER, "projects": ["OPS", "ML"]}


def _langfuse(_: Home) -> tuple[Vendor, dict[str, Any]]:
    project = langfuse.Langfuse()
    for number, (kind, day) in enumerate((("GENERATION", "09"), ("SPAN", "08"), ("GENERATION", "02"))):
        project.observe(f"o{number}", f"2026-03-{day}T10:00:00.000Z", None, kind, traceName=f"chat {day}")
    return project.server(), {"public_key": langfuse.PUBLIC_KEY}


def _openai(_: Home) -> tuple[Vendor, dict[str, Any]]:
    organization = openai.OpenAi(projects={"proj_chat": "Chat", "proj_new": "New"})
    organization.spend("2026-03-05", 2.0, "gpt-5, input", "proj_gone")
    return organization.server(), {}


def _openai_restricted(_: Home) -> tuple[Vendor, dict[str, Any]]:
    organization = openai.OpenAi()
    organization.spend("2026-03-05", 2.0, "gpt-5, input", "proj_chat")
    return organization.server(), {}


VENDORS: dict[str, tuple[Make, list[tuple[str, list[tuple[str, str | None]]]]]] = {
    "anthropic": (
        lambda home: (anthropic.Anthropic(home.clock).server(), {}),
        [("1 workspace", [("wrkspc_chat", "Chat")])],
    ),
    "github": (
        lambda _: (github.GitHub().server(), {"repositories": [github.REPOSITORY]}),
        [("1 repository", [(github.REPOSITORY, None)])],
    ),
    "incident_io": (lambda _: (incident_io.IncidentIo().server(), {}), [("1 incident type", [("AI", None)])]),
    "jira": (
        _jira,
        [("2 projects", [("OPS", "Operations"), ("ML", "Machine learning")]), ("1 label", [("chat", None)])],
    ),
    "langfuse": (
        _langfuse,
        [
            ("2 trace names of last week", [("chat 08", None), ("chat 09", None)]),
            ("1 model of last week", [("gpt-chat", None)]),
        ],
    ),
    "mixpanel": (_mixpanel, [("2 events of last week", [("Answered", None), ("Asked", None)])]),
    "openai": (_openai, [("3 projects", [("proj_gone", None), ("proj_chat", "Chat"), ("proj_new", "New")])]),
    "openai restricted": (_openai_restricted, [("1 project", [("proj_chat", None)])]),
    "pagerduty": (lambda _: (pagerduty.PagerDuty().server(), {}), [("1 service", [("PSVC001", "Chat")])]),
    "typeform": (
        lambda _: (typeform.Typeform().server(), {"forms": [typeform.FORM]}),
        [("1 form", [(typeform.FORM, "Feedback")])],
    ),
    "zendesk": (_zendesk, [("1 tag of recent tickets", [("chat", None)])]),
}


def look(home: Home, name: str, token: str = TOKEN) -> list[Listing]:
    """What the connector finds, by one try of each request."""
    connector, own = all_connectors()[name], home.settings.pulls.configured()[name]
    client = client_of(connector, own, token, home.clock, tries=1)
    try:
        assert connector.look is not None
        return list(connector.look(client, own, home.clock.now()))
    finally:
        client.close()


@pytest.mark.parametrize("case", VENDORS)
def test_what_there_is_is_listed(home: Home, case: str) -> None:
    make, expected = VENDORS[case]
    server, own = make(home)
    with server.up():
        home.connect(case.split()[0], server, **own)
        found = look(home, case.split()[0])
    assert [(listing.text, list(listing.names)) for listing in found] == expected
    assert len(server.requests) <= 2, "one look is a request or two"
    assert {request.method for request in server.requests} == {"GET"}


@pytest.mark.parametrize("case", [case for case in VENDORS if " " not in case])
def test_a_wrong_token_is_named_with_the_permission_it_needs(home: Home, case: str) -> None:
    server, own = VENDORS[case][0](home)
    with server.up():
        home.connect(case, server, **own)
        with pytest.raises(PullError, match=r"wrong, expired or revoked: make a new one. Needed: ") as caught:
            look(home, case, "another-t0ken-of-the-test")
    assert "another-t0ken" not in str(caught.value)
    assert len(server.requests) <= 2


FAULTS = {
    "expired": (Response({"message": "The access token expired"}, 401), "has expired: make a new one"),
    "no permission": (Response({"message": "Forbidden"}, 403), "lacks a permission. Needed: a read-only REST API key"),
    "other path": (Response({"message": "Not Found"}, 404), r"check `base_url` in \[pulls.pagerduty\]"),
    "web page": (Response(b"<!DOCTYPE html>"), r"a web page. Where that stays so, check `base_url` in"),
    "other API": (Response({"data": []}), "expected one with a list `services`"),
    "busy": (Response({}, 503), "is 503$"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_a_sentence_after_a_single_try(home: Home, case: str) -> None:
    fault, expected = FAULTS[case]
    server = pagerduty.PagerDuty().server()
    with server.up():
        home.connect("pagerduty", server)
        server.fail(fault)
        with pytest.raises(PullError, match=expected):
            look(home, "pagerduty")
    assert len(server.requests) == 1
    assert home.clock.waits == []


def test_an_address_without_a_server_names_the_setting(home: Home) -> None:
    with pagerduty.PagerDuty().server().up() as server:
        home.connect("pagerduty", server)
    with pytest.raises(PullError, match=r"nothing listens at that address. Check `base_url` in"):
        look(home, "pagerduty")


def test_a_host_without_an_address_names_the_setting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    # `.invalid` is reserved to have none (RFC 6761).
    own = {"base_url": "https://acme.invalid", "token_env": "TEST_PULL_TOKEN"}
    home.settings = home.settings.model_copy(
        update={"pulls": type(home.settings.pulls).model_validate({"pagerduty": own})}
    )
    with pytest.raises(PullError, match=r"no host `acme.invalid` .*Check `base_url` in"):
        look(home, "pagerduty")


def test_a_repository_that_the_token_may_not_read_is_a_fault_though_it_may_list_it(home: Home) -> None:
    account = github.GitHub(repositories=[github.REPOSITORY, "acme/secret"])
    with account.server().up() as server:
        home.connect("github", server, repositories=["acme/secret"])
        with pytest.raises(PullError, match="/repos/acme/secret/deployments is 404"):
            look(home, "github")


def test_an_app_without_a_user_is_shown_the_repositories_it_was_given(home: Home) -> None:
    with github.GitHub().server().up() as server:
        home.connect("github", server, repositories=[github.REPOSITORY])
        server.fail(None, Response({"message": "Resource not accessible by integration"}, 403))
        (listing,) = look(home, "github")
    assert listing.text == "1 repository and more"

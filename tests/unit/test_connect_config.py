"""scorecard.toml is edited so that comments, order and other tables stay, and only what was asked for changes."""

from __future__ import annotations

import tomllib

import pytest

from pipelines.connect.config import ConfigError, diff, edited

WRITTEN = """\
# ours
home = "acme"   # where it is

[sources.finance]
decimal = ","            # the decimal mark

[pulls.jira]
# the incident project alone
base_url = "https://acme.atlassian.net"
projects = ["OPS"]       # more later
token_env = "JIRA_TOKEN"

[something.unknown]
value = 1 # kept
"""
PAGERDUTY = {"pulls": {"pagerduty": {"token_env": "PAGERDUTY_TOKEN"}}}


def test_a_new_table_leaves_every_line_as_it_is() -> None:
    new = edited(WRITTEN, PAGERDUTY)
    lines = new.splitlines()
    kept = [line for line in WRITTEN.splitlines() if line.strip()]
    assert [line for line in lines if line in kept] == kept
    assert [line[1:] for line in diff(WRITTEN, new, "f") if line.startswith("-") and not line.startswith("---")] == []
    assert tomllib.loads(new)["pulls"]["pagerduty"] == {"token_env": "PAGERDUTY_TOKEN"}


def test_a_value_is_changed_where_it_is_with_its_comment() -> None:
    new = edited(WRITTEN, {"pulls": {"jira": {"projects": ["OPS", "ML"], "token_env": "JIRA_TOKEN"}}})
    changed = [line for line in diff(WRITTEN, new, "f") if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ['-projects = ["OPS"]       # more later', '+projects = ["OPS", "ML"]       # more later']


@pytest.mark.parametrize("text", ["", WRITTEN, "[pulls.a]\nx = 1\n[sources.b]\ny = 2\n", "pulls = {a = {x = 1}}\n"])
def test_a_second_edit_changes_nothing(text: str) -> None:
    once = edited(text, PAGERDUTY | {"home": "acme"})
    assert edited(once, PAGERDUTY | {"home": "acme"}) == once
    assert diff(once, edited(once, PAGERDUTY), "f") == []


def test_values_of_the_top_come_before_the_tables() -> None:
    assert tomllib.loads(edited("[sources.b]\ny = 2\n", {"home": "acme"})) == {
        "sources": {"b": {"y": 2}},
        "home": "acme",
    }


def test_a_value_that_is_the_same_keeps_how_it_is_written() -> None:
    text = "[pulls.jira]\ntoken_env   =  'JIRA_TOKEN'\nprojects = [\n  'OPS', # the first\n]\n"
    assert edited(text, {"pulls": {"jira": {"token_env": "JIRA_TOKEN", "projects": ["OPS"]}}}) == text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_stay(end: str) -> None:
    text = f'home = "acme"{end}[sources.x]{end}decimal = ","{end}'
    assert edited(text, {"home": "acme"}) == text


def test_a_file_that_is_not_toml_is_left_alone() -> None:
    with pytest.raises(ConfigError, match=r"scorecard.toml is not valid TOML: .* line 1"):
        edited("home = acme\n", PAGERDUTY)


def test_a_table_that_is_a_value_is_for_the_user_to_change() -> None:
    with pytest.raises(ConfigError, match="Add this by hand"):
        edited("pulls = 1\n", PAGERDUTY)

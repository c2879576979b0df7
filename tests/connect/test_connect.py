"""`scorecard connect` as its users call it: with options, with answers, again, wrongly, and with a secret planted."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.catalog.load import load_catalog
from pipelines.cli import app
from pipelines.connect.system import System, tried
from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.run import SystemClock
from tests.buckets.servers import ENVIRONMENT, S3, UNSET
from tests.connect.acme import BUCKET, VARIABLES, billed, bucket_options, options, servers
from tests.pulls.vendor import TOKEN, Response, Vendor

NOW = datetime(2026, 3, 20, 6, tzinfo=UTC)
OTHER = "another-t0ken-of-the-test"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in, at a time of the test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCORECARD_HOME", "scorecard-home")
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, TOKEN)
    return tmp_path


@pytest.fixture
def vendors() -> Iterator[dict[str, Vendor]]:
    with servers(NOW) as running:
        yield running


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A bucket with a bill, and the credentials that read it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    with billed(NOW) as running:
        yield running


@pytest.fixture(autouse=True)
def no_secret_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does: no file and no log record holds a token; what is printed, `connect` looks at."""
    caplog.set_level(logging.DEBUG)
    yield
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for token in (TOKEN, OTHER, ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]):
        assert token not in caplog.text
        assert not any(token.encode() in content for content in written)


def connect(*arguments: str, answers: str | None = None) -> Result:
    """The command; nothing it prints holds a token."""
    result = CliRunner().invoke(app, ["connect", *arguments], input=answers)
    assert TOKEN not in result.output and OTHER not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def own(vendors: dict[str, Vendor], *systems: str) -> list[str]:
    """The options for these systems alone."""
    given = options(vendors, NOW - timedelta(days=8))
    pairs = pairwise(given)
    return [
        *systems,
        *(
            part
            for flag, value in pairs
            if flag == "--set" and value.split(".")[0] in systems
            for part in (flag, value)
        ),
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_options_alone_write_settings_and_a_catalog_and_again_nothing(
    folder: Path, vendors: dict[str, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCORECARD_HOME")  # that of the file
    arguments = [*options(vendors, NOW - timedelta(days=8)), "--home", "acme", "--company", "Acme", "--yes"]
    first = connect(*arguments)
    assert first.exit_code == 0, first.output
    assert "PagerDuty: the token works: found 3 services." in first.output
    assert "GitHub: the token works: found 3 repositories." in first.output
    assert "PAGERDUTY_TOKEN=         # set; PagerDuty: a read-only REST API key" in first.output
    catalog = load_catalog(folder / "acme" / "catalog")
    assert [member.id for member in catalog.members] == ["fraud-detector", "support-assistant"]
    assert {item.value for item in catalog.members[1].identifiers} == {
        "proj_s1", "support-assistant", "PSUPP01", "support_assistant",
    }  # fmt: skip
    assert "pagerduty service_id PSHOP01 (Web shop): resembles no member" in first.output
    before = contents(folder)
    for again in (arguments, ["--yes"]):
        second = connect(*again)
        assert second.exit_code == 0, second.output
        assert "scorecard.toml: nothing to change." in second.output and "nothing to add" in second.output
        assert contents(folder) == before


def address(vendors: dict[str, Vendor], *systems: str) -> list[str]:
    """The options that lead to the servers on loopback, and nothing else."""
    return [part for name in systems for part in ("--set", f"{name}.base_url={vendors[name].url}")]


def test_answers_choose_systems_repositories_and_members(folder: Path, vendors: dict[str, Vendor]) -> None:
    (folder / "scorecard.toml").write_text('# ours\n[sources.finance]\ndecimal = "," # mark\n')
    answers = [
        "pagerduty, 3",  # the third is GitHub
        "acme/fraud-detector",  # of those found
        "",  # no bucket
        "y",  # write scorecard.toml
        "Churn",  # a model that no system knows
        "n",
        "e", "Fraud: cards", "agent", "Bank", "y", "n",  # the repository, not the service
        "Acme",
        "y",
    ]  # fmt: skip
    result = connect(*address(vendors, "pagerduty", "github"), answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    written = (folder / "scorecard.toml").read_text()
    assert written.startswith('# ours\n[sources.finance]\ndecimal = "," # mark\n')
    assert tomllib.loads(written)["pulls"]["github"]["repositories"] == ["acme/fraud-detector"]
    (member,) = load_catalog(folder / "scorecard-home" / "catalog").members
    assert (member.id, member.name, member.kind, member.business_unit) == (
        "fraud-detector", "Fraud: cards", "agent", "Bank",
    )  # fmt: skip
    assert [item.source for item in member.identifiers] == ["github"]
    assert "pagerduty service_id PFRAUD1 (Fraud Detector): `Fraud Detector` has the words" in result.output


def test_a_token_that_is_typed_is_used_for_the_test_alone(
    folder: Path, vendors: dict[str, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAGERDUTY_TOKEN")
    answers = f"{TOKEN}\ny\n\nn\n"
    result = connect("pagerduty", *address(vendors, "pagerduty"), answers=answers)
    assert "A token that you type now is used for this test only" in result.output
    assert "the token works: found 3 services" in result.output
    assert "PAGERDUTY_TOKEN=         # not set" in result.output
    assert "Next: set PAGERDUTY_TOKEN, then scorecard pull" in result.output
    assert vendors["pagerduty"].requests[0].headers["authorization"] == f"Token token={TOKEN}"


def test_a_token_is_typed_once_though_repositories_are_chosen_after_the_test(
    folder: Path, vendors: dict[str, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    result = connect("github", *address(vendors, "github"), answers=f"{TOKEN}\nacme/fraud-detector\ny\n\n")
    assert result.output.count("Token (hidden") == 1
    assert [request.path for request in vendors["github"].requests] == [
        "/user/repos", "/repos/acme/fraud-detector/deployments", "/user/repos",
    ]  # fmt: skip
    assert tomllib.loads((folder / "scorecard.toml").read_text())["pulls"]["github"]["repositories"]


def test_without_a_token_settings_are_written_and_the_variable_is_named(
    folder: Path, vendors: dict[str, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAGERDUTY_TOKEN")
    result = connect("pagerduty", *address(vendors, "pagerduty"), "--yes")
    assert result.exit_code == 1
    assert "not tested: the environment variable PAGERDUTY_TOKEN is not set or empty" in result.output
    assert "pagerduty" in tomllib.loads((folder / "scorecard.toml").read_text())["pulls"]
    assert vendors["pagerduty"].requests == []


def test_a_wrong_token_writes_nothing_of_its_system_and_the_others_are_connected(
    folder: Path, vendors: dict[str, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGERDUTY_TOKEN", OTHER)
    result = connect("pagerduty", "openai", *address(vendors, "pagerduty", "openai"), "--yes")
    assert result.exit_code == 1
    assert "The token of PagerDuty is wrong, expired or revoked: make a new one. Needed: a read-only" in result.output
    assert list(tomllib.loads((folder / "scorecard.toml").read_text())["pulls"]) == ["openai"]


def test_what_has_to_be_chosen_is_shown_with_what_there_is(folder: Path, vendors: dict[str, Vendor]) -> None:
    result = connect("github", *address(vendors, "github"), "--yes")
    assert result.exit_code == 1
    assert (
        "add --set github.repositories=… (owner/name of each). Found: acme/fraud-detector, acme/shop," in result.output
    )
    assert not (folder / "scorecard.toml").exists()


def test_a_project_that_the_token_may_not_see_is_named(folder: Path, vendors: dict[str, Vendor]) -> None:
    arguments = ["jira", *address(vendors, "jira"), "--set", "jira.user=scorecard@acme.example"]
    result = connect(*arguments, "--set", "jira.projects=OPS,GONE", "--yes")
    assert result.exit_code == 1
    assert "Jira: the token may not see GONE: found ML, OPS. Correct `projects`" in result.output


def test_an_address_that_every_customer_has_of_its_own_is_asked_for(folder: Path) -> None:
    result = connect("zendesk", "--yes")
    assert result.exit_code == 1
    assert "Zendesk: add --set zendesk.base_url=… (" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", f"pagerduty.token={OTHER}"], "the token itself does not belong here"),
        (["--set", f"pagerduty.api_key={OTHER}"], "the token itself does not belong here"),
        (["--set", f"pagerduty.token_env={OTHER}"], "expected the name of an environment variable in capitals"),
        (["--set", OTHER], "--set has another form: expected SYSTEM.SETTING=VALUE"),
        (
            ["--set", f"{OTHER}.token_env=A"],
            "there is no connector of that name. There are: amplitude, anthropic, github",
        ),
        (
            ["pagerduty", "--set", f"pagerduty.base_url=https://me:{OTHER}@a.example"],
            "without user, password and query",
        ),
        (["pagerduty", "--set", "pagerduty.base_url=http://a.example"], "begins with https://"),
    ],
)
def test_a_secret_in_an_option_is_not_repeated(folder: Path, arguments: list[str], said: str) -> None:
    result = connect(*arguments, "--yes")
    assert result.exit_code != 0
    assert said in " ".join(result.output.split())
    assert not (folder / "scorecard.toml").exists()


def test_a_token_in_a_setting_is_written_nowhere(folder: Path, vendors: dict[str, Vendor]) -> None:
    arguments = [*own(vendors, "mixpanel"), "--set", f"mixpanel.events={TOKEN}", "--yes"]
    result = connect(*arguments)
    assert result.exit_code == 2
    assert "a setting holds the token itself, so nothing was written" in result.output
    assert not (folder / "scorecard.toml").exists()


def test_a_password_of_another_table_is_not_shown_with_what_changes(folder: Path, vendors: dict[str, Vendor]) -> None:
    (folder / "scorecard.toml").write_text(f'postgres_url = "postgresql://me:{OTHER}@db.example/acme"\n')
    result = connect("pagerduty", *address(vendors, "pagerduty"), "--home", "acme", "--yes")
    assert "[pulls.pagerduty]" in result.output
    written = (folder / "scorecard.toml").read_text()
    assert written.startswith('postgres_url = "postgresql://me:') and "[pulls.pagerduty]" in written
    (folder / "scorecard.toml").unlink()  # it holds what was in it


def test_a_vendor_that_repeats_the_token_gets_it_into_no_message(folder: Path, vendors: dict[str, Vendor]) -> None:
    vendors["pagerduty"].fail(Response({"error": {"message": f"bad token {TOKEN}"}}, 401))
    result = connect("pagerduty", *address(vendors, "pagerduty"), "--yes")
    assert "bad token •••" in result.output


def test_a_vendor_that_calls_a_thing_like_the_token_gets_it_into_no_file(
    folder: Path, vendors: dict[str, Vendor]
) -> None:
    vendors["pagerduty"].fail(Response({"services": [{"id": "P1", "name": TOKEN}], "more": False}))
    result = connect("pagerduty", *address(vendors, "pagerduty"), "--model", "Fraud", "--yes")
    assert result.exit_code == 1
    assert "its answer repeats the token, so nothing of it is shown or written" in result.output


def test_a_connector_without_a_look_is_connected_and_says_that_the_pull_is_the_first_try(folder: Path) -> None:
    connector = replace(all_connectors()["pagerduty"], look=None)
    result = tried(System(connector), TOKEN, SystemClock())
    assert result.fault is None and result.listings == ()
    assert result.note == "it has no test before the pull: `scorecard pull pagerduty` shows whether its token works"


def test_nobody_who_answers_gets_a_sentence(folder: Path) -> None:
    result = connect(answers="")
    assert result.exit_code == 2
    assert "Without a terminal, name the systems and add --yes" in " ".join(result.output.split())


def test_a_bucket_is_listed_once_and_written_beside_what_is_there(folder: Path, s3: S3) -> None:
    (folder / "scorecard.toml").write_text('# ours\n[sources.finance]\ndecimal = ","\n')
    arguments = [*bucket_options(s3), "--set", f"s3://{BUCKET}.region=us-east-1", "--model", "Fraud detector", "--yes"]
    first = connect(*arguments)
    assert first.exit_code == 0, first.output
    said = "s3://acme-billing/focus can be listed: 2 files (2 .csv.gz), "
    assert f"cloud_billing: {said}" in first.output
    assert "s3://acme-billing: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in first.output
    assert (len(s3.listings()), s3.fetched()) == (1, [])
    written = (folder / "scorecard.toml").read_text()
    assert written.startswith('# ours\n[sources.finance]\ndecimal = ","\n')
    assert tomllib.loads(written) == {
        "sources": {
            "finance": {"decimal": ","},
            "cloud_billing": {"landing": "s3://acme-billing/focus", "glob": ["**/*"]},
        },
        "buckets": {"s3://acme-billing": {"endpoint": s3.endpoint, "region": "us-east-1"}},
    }
    again = connect("--yes")
    assert again.exit_code == 0, again.output
    assert said in again.output and "scorecard.toml: nothing to change." in again.output


def test_a_bucket_with_a_folder_for_each_source_is_read_as_a_landing_folder(folder: Path, s3: S3) -> None:
    s3.put("exports/cloud_billing/a.csv", b"x")
    connect("--bucket", f"cloud_billing=s3://{BUCKET}/exports", *bucket_options(s3)[2:], "--yes")
    written = tomllib.loads((folder / "scorecard.toml").read_text())
    assert written["sources"] == {"cloud_billing": {"landing": "s3://acme-billing/exports"}}


def test_a_bucket_that_cannot_be_listed_is_named_and_not_written(folder: Path, s3: S3) -> None:
    s3.fail("list-type=2", 403, "AccessDenied")
    result = connect(*bucket_options(s3), "--yes")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "cloud_billing: s3://acme-billing/focus could not be listed: no permission (403 AccessDenied)" in said
    assert "Needed: s3:ListBucket on the bucket" in said
    assert not (folder / "scorecard.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bucket", f"cloud_billing=s3://me:{OTHER}@acme"], "Credentials do not belong here"),
        (["--bucket", f"{OTHER}=s3://acme"], "expected SOURCE=ADDRESS with one of the sources amplitude, "),
        (["--bucket", "cloudbilling=s3://acme"], "found `cloudbilling`"),
        (["--bucket", "cloud_billing=exports"], "expected a bucket such as s3://bucket/prefix"),
        (["--set", f"s3://acme.secret={OTHER}"], "Credentials do not belong here"),
        (["--set", "s3://acme.region=eu-central-1"], "no --bucket of this call names s3://acme"),
        (
            ["--bucket", "cloud_billing=s3://acme", "--set", f"s3://acme.endpoint=https://me:{OTHER}@a.example"],
            "without user, password and query",
        ),
    ],
)
def test_a_wrong_bucket_option_says_what_is_expected(folder: Path, arguments: list[str], said: str) -> None:
    result = connect(*arguments, "--yes")
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert not (folder / "scorecard.toml").exists()


def test_a_catalog_with_a_company_and_no_member_gets_its_first_members(
    folder: Path, vendors: dict[str, Vendor]
) -> None:
    (folder / "acme" / "catalog").mkdir(parents=True)
    (folder / "acme" / "catalog" / "company.yaml").write_text("name: Ours\n")
    result = connect(
        "pagerduty", *address(vendors, "pagerduty"), "--home", "acme", "--model", "Fraud detector", "--yes"
    )
    assert result.exit_code == 0, result.output
    catalog = load_catalog(folder / "acme" / "catalog")
    assert catalog.company.name == "Ours" and [member.id for member in catalog.members] == ["fraud-detector"]


def test_what_is_found_later_is_added_to_a_members_file(folder: Path, vendors: dict[str, Vendor]) -> None:
    arguments = ["--home", "acme", "--model", "Fraud detector", "--yes"]
    connect("pagerduty", *address(vendors, "pagerduty"), *arguments)
    member = folder / "acme" / "catalog" / "workforce" / "fraud-detector.yaml"
    mine = member.read_text().replace("To be described.", "Scores payments. # ours")
    member.write_text(mine)
    result = connect(*own(vendors, "github"), *arguments)
    assert result.exit_code == 0, result.output
    added = "  - {source: github, kind: repository, value: acme/fraud-detector}\n"
    assert member.read_text() == mine + added


def test_after_connecting_a_run_without_files_makes_no_sample_company(folder: Path, vendors: dict[str, Vendor]) -> None:
    connect("pagerduty", *address(vendors, "pagerduty"), "--model", "Fraud detector", "--yes")
    result = CliRunner().invoke(app, ["run"])
    assert result.exit_code == 2
    assert "Pull into it (scorecard pull)" in " ".join(result.output.split())
    assert not (folder / "scorecard-home" / "landing").exists()


def test_a_broken_catalog_is_named_and_left_alone(folder: Path, vendors: dict[str, Vendor]) -> None:
    (folder / "acme" / "catalog" / "workforce").mkdir(parents=True)
    (folder / "acme" / "catalog" / "workforce" / "fraud.yaml").write_text("name: [Acme\n")
    before = contents(folder / "acme")
    result = connect("pagerduty", *address(vendors, "pagerduty"), "--home", "acme", "--yes")
    assert result.exit_code == 1
    assert "is not valid YAML" in result.output and "no entries were proposed" in result.output
    assert contents(folder / "acme") == before

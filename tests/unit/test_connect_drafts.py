"""Drafted catalog files are valid, and add to what is there without changing any of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.catalog.names import Name
from pipelines.connect.drafts import Draft, check, drafted, write
from pipelines.connect.propose import FoundName

LABEL = FoundName(Name("jira", "label", "", "fraud: detector"))
SERVICE = FoundName(Name("pagerduty", "service_id", "", "PF1"), "Fraud\ndetector # x")
TAG = FoundName(Name("cloud_billing", "tag", "app", "fraud"))
TICKET = FoundName(Name("zendesk", "ticket_tag", "", "fraud"))
SHOWN, USED = (FoundName(Name("mixpanel", "event", "", f"Fraud case {word}")) for word in ("viewed", "closed"))
HEAD = "id: fraud\nkind: model\nname: Fraud # ours\ndescription: Finds it.\nbusiness_unit: Bank\n"
TAIL = "targets:\n  - {kpi: mttr, from: 2026-01-01, target: 2}\n"


def existing(folder: Path, text: str) -> Path:
    """A catalog with one member."""
    (folder / "workforce").mkdir(parents=True)
    (folder / "company.yaml").write_text("name: Acme\n")
    path = folder / "workforce" / "fraud-model.yaml"
    path.write_bytes(text.encode())
    return path


def test_a_new_member_is_a_valid_file_with_its_identifiers_features_and_satisfaction(tmp_path: Path) -> None:
    draft = Draft("fraud", "Fraud: cards", True, (LABEL, SERVICE, TAG, TICKET, SHOWN, USED), "agent", "Bank & Co")
    texts, by_hand = drafted(tmp_path, "Acme: the company", [draft])
    write(tmp_path, texts)
    catalog = check(tmp_path, {})
    (member,) = catalog.members
    assert catalog.company.name == "Acme: the company" and by_hand == []
    assert (member.id, member.name, member.kind, member.business_unit) == (
        "fraud",
        "Fraud: cards",
        "agent",
        "Bank & Co",
    )
    assert [item.value for item in member.identifiers] == ["fraud: detector", "PF1", "fraud", "fraud"]
    (feature,) = member.features
    assert feature.exposed_events == ("Fraud case viewed",) and feature.qualifying_events == ("Fraud case closed",)
    assert member.satisfaction[0].survey == "ticket_csat"
    assert (tmp_path / "schema" / "member.schema.json").exists()


def test_events_that_only_show_something_make_no_feature(tmp_path: Path) -> None:
    texts, by_hand = drafted(tmp_path, "Acme", [Draft("fraud", "Fraud", True, (SHOWN,))])
    assert by_hand == [SHOWN]
    assert check(tmp_path, texts).members[0].features == ()


@pytest.mark.parametrize(
    "text",
    [
        HEAD + TAIL,
        HEAD + "identifiers:\n  - {source: jira, kind: label, value: old}  # first\n" + TAIL,
        HEAD + "identifiers: # of us\n- source: jira\n  kind: label\n  value: old\n\n# about targets\n" + TAIL,
        TAIL + HEAD + "identifiers:\n    - {source: jira, kind: label, value: old}\n    # last\n",
        TAIL + HEAD.rstrip("\n"),
        (HEAD + "identifiers:\n  - {source: jira, kind: label, value: old}\n" + TAIL).replace("\n", "\r\n"),
    ],
)
def test_names_are_added_to_a_members_file_and_nothing_else_changes(tmp_path: Path, text: str) -> None:
    path = existing(tmp_path, text)
    texts, by_hand = drafted(tmp_path, "Acme", [Draft("fraud", "Fraud", False, (LABEL, SERVICE, USED))])
    assert by_hand == [USED]
    (new,) = texts.values()
    assert [line for line in new.splitlines() if line in text.splitlines()] == text.splitlines()
    assert new.count("\r\n") in (0, new.count("\n"))
    assert list(texts) == [path]
    assert [item.value for item in check(tmp_path, texts).members[0].identifiers][-2:] == ["fraud: detector", "PF1"]
    before, after = yaml.safe_load(text), yaml.safe_load(new)
    assert {k: v for k, v in after.items() if k != "identifiers"} == {
        k: v for k, v in before.items() if k != "identifiers"
    }


def test_a_list_in_brackets_is_for_the_user_to_extend(tmp_path: Path) -> None:
    existing(tmp_path, HEAD + "identifiers: [{source: jira, kind: label, value: old}]\n")
    texts, by_hand = drafted(tmp_path, "Acme", [Draft("fraud", "Fraud", False, (LABEL,))])
    assert texts == {} and by_hand == [LABEL]


def test_a_file_of_another_member_is_never_overwritten(tmp_path: Path) -> None:
    path = existing(tmp_path, HEAD)
    texts, _ = drafted(tmp_path, "Acme", [Draft("fraud-model", "Fraud model", True, (LABEL,))])
    assert path not in texts and list(texts) == [tmp_path / "workforce" / "fraud-model-2.yaml"]

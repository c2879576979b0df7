"""A catalog is read whole, or rejected with every file, line and field that is wrong."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pipelines.catalog.documents import CatalogError
from pipelines.catalog.load import load_catalog
from pipelines.settings import SAMPLE_CATALOG

COMPANY = "name: Acme\n"
TEAM = """\
id: ops
kind: team
name: Ops
description: Runs things.
business_unit: IT
"""
MODEL = """\
id: ranker
kind: model
name: Ranker
description: Ranks things.
business_unit: Shop
"""


def write(folder: Path, **files: str) -> Path:
    """A catalog of a company, the team `ops`, the model `ranker`, and `files` over them."""
    texts = {"company": COMPANY, "workforce__ops": TEAM, "workforce__ranker": MODEL} | files
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(CatalogError) as rejected:
        load_catalog(folder)
    return [(p.file.name, p.line, p.field) for p in rejected.value.problems]


def message(folder: Path) -> str:
    with pytest.raises(CatalogError) as rejected:
        load_catalog(folder)
    return str(rejected.value)


def member(more: str, id: str = "ranker") -> str:
    return MODEL.replace("id: ranker", f"id: {id}") + dedent(more)


def test_the_sample_catalog_is_the_six_members_and_five_teams_of_meridian() -> None:
    catalog = load_catalog(SAMPLE_CATALOG)
    assert catalog.company.name == "Meridian Group"
    assert [m.id for m in catalog.members] == [
        "fraud-detector",
        "recommender",
        "route-optimiser",
        "support-assistant",
        "triage",
        "writing-assistant",
    ]
    assert len(catalog.teams) == 5
    assert [p.id for p in catalog.pools] == ["gpu-a", "platform"]


def test_every_sample_member_is_known_to_the_bill_the_logs_and_the_incident_tools() -> None:
    members = load_catalog(SAMPLE_CATALOG).members
    assert members
    for m in members:
        names = {(i.source, i.kind, i.key): i.value for i in m.identifiers}
        assert names["cloud_billing", "tag", "model"] == m.id
        assert names["jira", "component", None] == m.id
        assert names["jira", "label", None] == f"model:{m.id}"
        assert ("serving_logs", "model_name", None) in names
        assert ("pagerduty", "service_id", None) in names


def test_a_member_needs_no_more_than_who_it_is(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path))
    assert [m.id for m in catalog.members] == ["ranker"]


WRONG = {
    "unknown field": ("ownr: x\n", 6, "ownr"),
    "unknown field within": ("sla:\n  - from: 2026-01-01\n    latency: 3\n", 8, "sla[0].latency"),
    "missing within": ("targets:\n  - kpi: mttr\n    target: 3\n", 7, "targets[0].from"),
    "no such kpi": (
        "targets:\n  - from: 2026-01-01\n    kpi: speed\n    target: 3\n",
        8,
        "targets[0].kpi",
    ),
    "objective of no kpi": ("objectives:\n  mttr: Calm.\n  speed: Fast.\n", 8, "objectives.speed"),
    "no such source": (
        "identifiers:\n  - source: datadog\n    kind: tag\n    key: k\n    value: v\n",
        7,
        "identifiers[0].source",
    ),
    "kind of another source": (
        "identifiers:\n  - source: jira\n    kind: endpoint\n    value: v\n",
        8,
        "identifiers[0].kind",
    ),
    "tag without key": (
        "identifiers:\n  - source: cloud_billing\n    kind: tag\n    value: v\n",
        7,
        "identifiers[0].key",
    ),
    "key without tag": (
        "identifiers:\n  - source: jira\n    kind: label\n    key: k\n    value: v\n",
        9,
        "identifiers[0].key",
    ),
    "number for text": (
        "identifiers:\n  - source: jira\n    kind: label\n    value: 12\n",
        9,
        "identifiers[0].value",
    ),
    "ends before it begins": (
        "identifiers:\n  - source: jira\n    kind: label\n    value: v\n    from: 2026-02-01\n    to: 2026-02-01\n",
        11,
        "identifiers[0].to",
    ),
    "no day of the calendar": ("team:\n  - team: ops\n    from: 2026-02-30\n", 8, "team[0].from"),
    "a number for a day": ("team:\n  - team: ops\n    from: 20260201\n", 8, "team[0].from"),
    "percent for share": (
        "targets:\n  - from: 2026-01-01\n    kpi: feature_adoption\n    target: 70\n",
        9,
        "targets[0].target",
    ),
    "availability in percent": (
        "sla:\n  - from: 2026-01-01\n    availability: 99.9\n",
        8,
        "sla[0].availability",
    ),
    "person for role": ("roles:\n  sre: Ada\n", 7, "roles.sre"),
    "team that does not exist": ("team:\n  - from: 2026-01-01\n    team: op\n", 8, "team[0].team"),
    "model for team": ("team:\n  - from: 2026-01-01\n    team: ranker\n", 8, "team[0].team"),
    "two teams on a day": (
        "team:\n  - from: 2026-01-01\n    team: ops\n  - from: 2026-01-01\n    team: ops\n",
        9,
        "team[1].from",
    ),
    "two targets on a day": (
        "targets:\n  - {from: 2026-01-01, kpi: mttr, target: 1}\n"
        "  - {from: 2026-01-01, kpi: npv, target: 1}\n"
        "  - {from: 2026-01-01, kpi: mttr, target: 2}\n",
        9,
        "targets[2].from",
    ),
    "severity of another KPI": (
        "targets:\n  - {from: 2026-01-01, kpi: npv, target: 1, by_severity: {P1: {target: 1}}}\n",
        7,
        "targets[0].by_severity",
    ),
    "severity not on the scale": (
        "targets:\n  - {from: 2026-01-01, kpi: mttr, target: 1, by_severity: {SEV1: {target: 1}}}\n",
        7,
        "targets[0].by_severity.SEV1",
    ),
    "owner out of date": (
        "roles:\n  model_owner: a@acme.example\nowner:\n  - {from: 2026-01-01, owner: b@acme.example}\n",
        7,
        "roles.model_owner",
    ),
    "key twice": ("roles:\n  sre: a@b.example\n  sre: a@b.example\n", 8, "roles.sre"),
    "own name twice": (
        "identifiers:\n  - {source: jira, kind: label, value: v}\n  - {source: jira, kind: label, value: v}\n",
        8,
        "identifiers[1].value",
    ),
    "no YAML": ("roles: [\n", 7, ""),
    "a python object": ("roles: !!python/name:os.system x\n", 6, "roles"),
    "in itself": ("roles: &r\n  sre: *r\n", 6, "roles.sre"),
}


@pytest.mark.parametrize(("more", "line", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_member_is_rejected_at_its_line_and_field(tmp_path: Path, more: str, line: int, field: str) -> None:
    found = problems(write(tmp_path, workforce__ranker=MODEL + more))
    assert ("ranker.yaml", line, field) in found


FEATURE = """\
features:
  - id: widget
    name: Widget
    source: segment
    qualifying_events: [Clicked, Chosen]
"""
WRONG_FEATURE = {
    "size and rule": (
        "    target_population:\n      - {from: 2026-01-01, size: 3, rule: {property: p, equals: v}}\n",
        12,
        "features[0].target_population[0]",
    ),
    "neither size nor rule": (
        "    target_population:\n      - {from: 2026-01-01}\n",
        12,
        "features[0].target_population[0]",
    ),
    "rule with two tests": (
        "    target_population:\n      - from: 2026-01-01\n        rule: {property: p, equals: v, in: [v]}\n",
        13,
        "features[0].target_population[0].rule",
    ),
    "event twice": (
        "    exposed_events:\n      - Shown\n      - Shown\n",
        13,
        "features[0].exposed_events[1]",
    ),
    "two sizes on a day": (
        "    target_population:\n      - {from: 2026-01-01, size: 3}\n      - {from: 2026-01-01, size: 4}\n",
        13,
        "features[0].target_population[1].from",
    ),
}


@pytest.mark.parametrize(("more", "line", "field"), WRONG_FEATURE.values(), ids=WRONG_FEATURE)
def test_a_wrong_feature_is_rejected_at_its_line_and_field(tmp_path: Path, more: str, line: int, field: str) -> None:
    found = problems(write(tmp_path, workforce__ranker=MODEL + FEATURE + more))
    assert found == [("ranker.yaml", line, field)]


QUALITY = """\
quality:
  task: binary
  positive_class: fraud
  primary_metric: recall
  cohorts: [{attribute: age, protected: true}, {attribute: channel}]
guardrails:
"""
WRONG_GUARDRAIL = {
    "neither KPI nor measure": ("{kind: other, at_least: 1}", ""),
    "KPI and measure": ("{kind: other, kpi: mttr, measure: compute_cost_usd, at_most: 1}", ""),
    "two bounds": ("{kind: other, kpi: mttr, at_least: 1, at_most: 2}", ""),
    "fairness of a KPI": ("{kind: fairness, kpi: accuracy, at_least: 0.8}", ""),
    "fairness by the week": ("{kind: fairness, measure: selection_rate_ratio, at_least: 0.8}", ""),
    "fairness from above": ("{kind: compliance, measure: selection_rate_ratio, period: month, at_most: 0.8}", ""),
    "a floor from above": ("{kind: accuracy_floor, kpi: accuracy, at_most: 0.8}", ""),
    "a ceiling of hours": ("{kind: cost_ceiling, kpi: mttr, at_most: 8}", ""),
    "groups of a cost": ("{kind: cost_ceiling, measure: compute_cost_usd, attribute: age, at_most: 8}", ""),
    "groups that are not protected": (
        "{kind: fairness, measure: selection_rate_ratio, attribute: channel, period: month, at_least: 0.8}",
        ".attribute",
    ),
}


@pytest.mark.parametrize(("rail", "field"), WRONG_GUARDRAIL.values(), ids=WRONG_GUARDRAIL)
def test_a_wrong_guardrail_is_rejected_at_its_line_and_field(tmp_path: Path, rail: str, field: str) -> None:
    rail = rail.replace("{", "{id: rail, from: 2026-01-01, ", 1)
    found = problems(write(tmp_path, workforce__ranker=MODEL + QUALITY + f"  - {rail}\n"))
    assert found == [("ranker.yaml", 12, f"guardrails[0]{field}")]


def test_a_fairness_guardrail_needs_groups_to_compare(tmp_path: Path) -> None:
    rail = "guardrails:\n  - {id: r, from: 2026-01-01, kind: fairness, measure: selection_rate_ratio, period: month, "
    found = problems(write(tmp_path, workforce__ranker=MODEL + rail + "at_least: 0.8}\n"))
    assert found == [("ranker.yaml", 7, "guardrails[0].measure")]


def test_a_wrong_kind_of_identifier_is_answered_with_the_kinds_that_source_has(
    tmp_path: Path,
) -> None:
    wrong = member("identifiers:\n  - {source: serving_logs, kind: tag, value: v}\n")
    said = message(write(tmp_path, workforce__ranker=wrong))
    assert "found `tag`, expected a kind that `serving_logs` has: `model_name`, `endpoint`" in said


def test_a_misspelt_field_is_answered_with_the_field_that_was_meant(tmp_path: Path) -> None:
    said = message(write(tmp_path, workforce__ranker=member("sla:\n  - {form: 2026-01-01}\n")))
    misspelt, missing = said.splitlines()[1:]
    assert misspelt.endswith("Did you mean `from`?")
    assert missing.endswith(":7: `sla[0].from`: is missing. Add it.")


def test_what_was_found_is_the_key_where_a_key_is_wrong_and_nothing_where_nothing_stands(
    tmp_path: Path,
) -> None:
    wrong = "objectives: {speed: Fast.}\nidentifiers: [{source: cloud_billing, kind: tag, value: v}]\n"
    said = message(write(tmp_path, workforce__ranker=member(wrong)))
    assert "`objectives.speed`: found `speed`, expected 'throughput'" in said
    assert "`identifiers[0].key`: found nothing, expected the tag's key." in said


def test_a_missing_or_unknown_kind_is_answered_with_the_kinds_there_are(tmp_path: Path) -> None:
    robot, none = MODEL.replace("kind: model", "kind: robot"), MODEL.replace("kind: model\n", "")
    folder = write(tmp_path, workforce__ranker=robot, workforce__other=none)
    assert problems(folder) == [("other.yaml", 1, "kind"), ("ranker.yaml", 2, "kind")]
    said = message(folder)
    assert "found `robot`, expected one of 'model', 'agent', 'decision_system', 'team'" in said
    assert "is missing, expected `model`, `agent`, `decision_system` or `team`" in said


def test_a_team_has_no_targets(tmp_path: Path) -> None:
    assert problems(write(tmp_path, workforce__ops=TEAM + "targets: []\n")) == [("ops.yaml", 6, "targets")]


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        company="name: Acme\nreporting_timezone: Mars/Base\ndefault_currency: usd\n",
        workforce__ranker=member("roles: {sre: Ada}\nteam:\n  - {from: 2026-01-01, team: none}\n"),
        shared_costs__gpu="id: gpu\nname: GPU\nmatch: []\nmembers: [{member: ranker}]\ndriver: luck\n",
    )
    assert problems(folder) == [
        ("company.yaml", 2, "reporting_timezone"),
        ("company.yaml", 3, "default_currency"),
        ("gpu.yaml", 3, "match"),
        ("gpu.yaml", 5, "driver"),
        ("ranker.yaml", 6, "roles.sre"),
    ]
    said = message(folder)
    assert f"{folder / 'company.yaml'}:2: `reporting_timezone`: found `Mars/Base`, expected" in said
    assert "has 5 problems" in said


def test_a_team_whose_own_file_is_wrong_is_not_reported_as_missing_too(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ops=TEAM + "surprise: 1\n",
        workforce__ranker=member("team:\n  - {from: 2026-01-01, team: ops}\n"),
    )
    assert problems(folder) == [("ops.yaml", 6, "surprise")]


def test_a_team_whose_file_is_no_yaml_is_not_reported_as_missing_too(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ops=TEAM + "roles: [\n",
        workforce__ranker=member("team:\n  - {from: 2026-01-01, team: ops}\n"),
    )
    assert problems(folder) == [("ops.yaml", 7, "")]


def test_a_catalog_whose_only_member_is_no_yaml_is_not_said_to_have_none(tmp_path: Path) -> None:
    folder = write(tmp_path, workforce__ranker="id: [\n")
    (folder / "workforce" / "ops.yaml").unlink()
    assert problems(folder) == [("ranker.yaml", 2, "")]


def test_two_files_with_one_id_are_rejected_naming_the_first(tmp_path: Path) -> None:
    folder = write(tmp_path, workforce__zz=MODEL)
    assert problems(folder) == [("zz.yaml", 1, "id")]
    assert f"first at {folder / 'workforce' / 'ranker.yaml'}:1" in message(folder)


def label(value: str, more: str = "") -> str:
    return f"identifiers:\n  - {{source: jira, kind: label, value: {value}{more}}}\n"


def test_two_members_cannot_claim_one_name_on_one_day(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ranker=member(label("v", ", to: 2026-02-02")),
        workforce__sorter=member(label("v", ", from: 2026-02-01"), id="sorter"),
    )
    assert problems(folder) == [("sorter.yaml", 7, "identifiers[0].value")]
    said = message(folder)
    assert "found the jira label `v` that `ranker` claims on the same days" in said
    assert f"{folder / 'workforce' / 'ranker.yaml'}:7" in said


def test_a_name_passes_from_one_member_to_another_on_a_day(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ranker=member(label("v", ", to: 2026-02-01")),
        workforce__sorter=member(label("v", ", from: 2026-02-01"), id="sorter"),
    )
    assert len(load_catalog(folder).members) == 2


POOL = """\
id: gpu
name: GPU
match:
  - {kind: tag, key: cluster, value: a}
members:
  - {member: ranker}
driver: tokens
"""


def test_a_charge_cannot_be_a_members_own_and_shared(tmp_path: Path) -> None:
    own = "identifiers:\n  - {source: cloud_billing, kind: tag, key: cluster, value: a}\n"
    folder = write(tmp_path, workforce__ranker=member(own), shared_costs__gpu=POOL)
    assert problems(folder) == [("gpu.yaml", 4, "match[0].value")]


@pytest.mark.parametrize("id", ["nobody", "ops"], ids=["unknown", "a team"])
def test_only_ai_members_share_a_pool(tmp_path: Path, id: str) -> None:
    folder = write(tmp_path, shared_costs__gpu=POOL.replace("ranker", id))
    assert problems(folder) == [("gpu.yaml", 6, "members[0].member")]


def test_a_member_shares_a_pool_once_a_day(tmp_path: Path) -> None:
    twice = POOL.replace("  - {member: ranker}\n", "  - {member: ranker}\n" * 2)
    assert problems(write(tmp_path, shared_costs__gpu=twice)) == [("gpu.yaml", 7, "members[1].member")]


def test_a_pool_is_matched_on_bills_only(tmp_path: Path) -> None:
    wrong = POOL.replace("{kind: tag, key: cluster, value: a}", "{source: jira, kind: label, value: a}")
    found = problems(write(tmp_path, shared_costs__gpu=wrong))
    assert ("gpu.yaml", 4, "match[0].source") in found


def feature(id: str, more: str = "", event: str = "Used") -> str:
    more_line = f"\n    {more}" if more else ""
    return f"features:\n  - id: {id}\n    name: F\n    source: segment\n    qualifying_events: [{event}]{more_line}\n"


def test_two_features_share_an_event_only_where_a_property_tells_them_apart(tmp_path: Path) -> None:
    one, other = (feature(x, f"property: {{name: feature, equals: {x}}}") for x in ("one", "other"))
    apart = write(
        tmp_path / "apart",
        workforce__ranker=member(one),
        workforce__sorter=member(other, id="sorter"),
    )
    assert len(load_catalog(apart).members) == 2
    same = write(
        tmp_path / "same",
        workforce__ranker=member(one),
        workforce__sorter=member(feature("other"), id="sorter"),
    )
    assert problems(same) == [("sorter.yaml", 10, "features[0].qualifying_events[0]")]


def test_feature_ids_are_unique_in_the_catalog(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ranker=member(feature("one")),
        workforce__sorter=member(feature("one", event="Clicked"), id="sorter"),
    )
    assert problems(folder) == [("sorter.yaml", 7, "features[0].id")]


def test_a_folder_that_is_no_catalog_is_said_to_lack_its_company_and_members(
    tmp_path: Path,
) -> None:
    assert [name for name, _, _ in problems(tmp_path)] == ["company.yaml", "workforce"]


def test_a_yml_file_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "workforce" / "stray.yml").write_text(MODEL)
    assert problems(folder) == [("stray.yml", 1, "")]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", 1), (b"- a\n", 1), (b"id: a\nname: caf\xe9\n", 2), (b"id: a\nname: \x07\n", 2)],
    ids=["empty", "a list", "latin-1", "control character"],
)
def test_a_file_that_is_no_mapping_of_text_is_rejected_at_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    folder = write(tmp_path)
    (folder / "workforce" / "ranker.yaml").write_bytes(content)
    assert ("ranker.yaml", line) in [(name, at) for name, at, _ in problems(folder)]


def test_text_that_looks_like_an_impossible_day_is_text(tmp_path: Path) -> None:
    named = MODEL.replace("name: Ranker", "name: 2026-02-30")
    assert load_catalog(write(tmp_path, workforce__ranker=named)).members[0].name == "2026-02-30"


def test_the_fingerprint_changes_with_what_is_said_and_not_with_how(tmp_path: Path) -> None:
    def fingerprint(ranker: str) -> str:
        return load_catalog(write(tmp_path, workforce__ranker=ranker)).fingerprint

    plain = fingerprint(member("objectives: {mttr: Calm., npv: Gain.}\n"))
    backwards = "".join(reversed(MODEL.splitlines(keepends=True)))
    assert fingerprint(f"# Why\n{backwards}objectives: {{npv: Gain., mttr: Calm.}}\n") == plain
    assert fingerprint(member("objectives: {mttr: Calm., npv: Loss.}\n")) != plain


def test_a_decision_is_recorded_once_a_day(tmp_path: Path) -> None:
    taken = "decisions:\n" + 2 * "  - {decision: 'project:p', date: 2026-02-01, by: sponsor@acme.example}\n"
    assert problems(write(tmp_path, company=COMPANY + taken)) == [("company.yaml", 4, "decisions[1].decision")]
    later = taken.replace("2026-02-01", "2026-03-01", 1)
    assert len(load_catalog(write(tmp_path, company=COMPANY + later)).company.decisions) == 2

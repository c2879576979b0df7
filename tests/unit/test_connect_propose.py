"""Names are proposed for a member by their words and their records, whatever their order and whatever else there is."""

from __future__ import annotations

import random

import pytest

from pipelines.catalog.names import Name
from pipelines.connect.propose import Beside, FoundName, KnownMember, Proposal, Undecided, propose, similarity, slug

SPELLINGS = [
    FoundName(Name("pagerduty", "service_id", "", "PF1"), "Fraud Detector (prod)"),
    FoundName(Name("github", "repository", "", "acme/fraudDetector")),
    FoundName(Name("jira", "label", "", "fraud-detectors")),
    FoundName(Name("cloud_billing", "sub_account_id", "", "proj_f"), "Fraud detector"),
    FoundName(Name("zendesk", "ticket_tag", "", "support_assistant")),
    FoundName(Name("cloud_billing", "sub_account_id", "", "proj_s"), "Support Assistant"),
    FoundName(Name("mixpanel", "event", "", "Support assistant: reply sent")),
]
UNRELATED = [
    FoundName(Name("pagerduty", "service_id", "", "PW1"), "Web shop"),
    FoundName(Name("zendesk", "ticket_tag", "", "refund")),
    FoundName(Name("jira", "project", "", "OPS"), "Operations"),
    FoundName(Name("mixpanel", "event", "", "Checkout completed")),
]


def names(proposals: list[Proposal]) -> dict[str, set[str]]:
    """Member → the values proposed for it."""
    return {item.id: {match.seen.name.value for match in item.matches} for item in proposals}


def test_names_of_two_systems_with_the_same_words_are_a_member() -> None:
    proposals, undecided = propose(SPELLINGS + UNRELATED)
    assert names(proposals) == {
        "fraud-detector": {"PF1", "acme/fraudDetector", "fraud-detectors", "proj_f"},
        "support-assistant": {"support_assistant", "proj_s", "Support assistant: reply sent"},
    }
    assert all(item.is_new and all(match.is_sure for match in item.matches) for item in proposals)
    assert {item.seen for item in undecided} == set(UNRELATED)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_names_does_not_matter(seed: int) -> None:
    shuffled = SPELLINGS + UNRELATED
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - not a key
    assert propose(shuffled) == propose(SPELLINGS + UNRELATED)


@pytest.mark.parametrize("seed", range(20))
def test_renaming_unrelated_names_changes_nothing_for_the_others(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311
    letters = "bcdghjklmnqvwxz"

    def renamed(item: FoundName) -> FoundName:
        text = "".join(luck.choices(letters, k=9))
        return FoundName(item.name._replace(value=text), text if item.label else None)

    proposals, _ = propose(SPELLINGS + [renamed(item) for item in UNRELATED])
    assert proposals == propose(SPELLINGS + UNRELATED)[0]
    assert proposals == propose(SPELLINGS)[0]


def test_the_same_names_twice_are_the_same_names() -> None:
    assert propose([*SPELLINGS, *SPELLINGS]) == propose(SPELLINGS)


def test_a_member_of_the_catalog_gets_what_is_called_like_it_or_like_one_of_its_identifiers() -> None:
    known = [KnownMember("scoring", "Scoring", ("fraud-score",)), KnownMember("other", "Other")]
    seen = [FoundName(Name("jira", "label", "", "fraud_score")), FoundName(Name("jira", "label", "", "Scoring"))]
    proposals, undecided = propose(seen, known)
    assert names(proposals) == {"scoring": {"fraud_score", "Scoring"}}
    assert not proposals[0].is_new and undecided == []


def test_a_model_that_the_user_names_needs_one_system_alone() -> None:
    seen = [FoundName(Name("pagerduty", "service_id", "", "PC1"), "Churn service"), *UNRELATED]
    proposals, _ = propose(seen, models=["Churn", "Not found anywhere"])
    assert names(proposals) == {"churn": {"PC1"}, "not-found-anywhere": set()}
    assert propose(seen)[0] == []


def test_a_name_that_shares_only_some_words_is_not_sure() -> None:
    known = [KnownMember("fraud-detector", "Fraud detector")]
    (proposal,), _ = propose([FoundName(Name("jira", "component", "", "fraud"))], known)
    (match,) = proposal.matches
    assert not match.is_sure and match.score == pytest.approx(2 / 3)


def test_what_is_called_staging_is_never_sure() -> None:
    known = [KnownMember("fraud-detector", "Fraud detector")]
    (proposal,), _ = propose([FoundName(Name("pagerduty", "service_id", "", "P1"), "Fraud detector staging")], known)
    assert not proposal.matches[0].is_sure
    assert "is called staging" in proposal.matches[0].why


def test_an_event_of_a_model_with_one_word_is_not_sure() -> None:
    known = [KnownMember("search", "Search")]
    (proposal,), _ = propose([FoundName(Name("mixpanel", "event", "", "Search results clicked"))], known)
    assert not proposal.matches[0].is_sure


def test_a_name_that_fits_two_members_equally_is_undecided() -> None:
    known = [KnownMember("fraud-cards", "Fraud cards"), KnownMember("fraud-loans", "Fraud loans")]
    proposals, undecided = propose([FoundName(Name("jira", "component", "", "fraud"))], known)
    assert proposals == []
    assert [item.why for item in undecided] == ["fits fraud-cards and fraud-loans equally well"]


def test_a_name_whose_records_all_have_a_members_name_is_its_own_too() -> None:
    mine, odd = Name("jira", "label", "", "fraud-detector"), Name("jira", "component", "", "K-17")
    known = [KnownMember("fraud-detector", "Fraud detector", names=(mine,))]
    for share, rows, is_found in ((1.0, 5, True), (0.9, 50, True), (0.89, 50, False), (1.0, 4, False)):
        proposals, undecided = propose([FoundName(odd)], known, beside=[Beside(odd, mine, share, rows)])
        assert names(proposals) == ({"fraud-detector": {"K-17"}} if is_found else {})
        assert len(undecided) == (not is_found)
    assert propose([FoundName(odd)], known, beside=[Beside(odd, mine, 1.0, 12)])[0][0].matches[0].why == (
        "100% of its 12 records have the label `fraud-detector` too"
    )


def test_records_beside_two_members_names_decide_nothing() -> None:
    one, other, odd = (Name("jira", "label", "", value) for value in ("one", "other", "K-17"))
    known = [KnownMember("one", "One", names=(one,)), KnownMember("other", "Other", names=(other,))]
    beside = [Beside(odd, one, 1.0, 9), Beside(odd, other, 1.0, 9)]
    proposals, undecided = propose([FoundName(odd)], known, beside=beside)
    assert proposals == [] and undecided == [Undecided(FoundName(odd), "resembles no member")]


def test_names_of_general_words_alone_are_never_alike() -> None:
    seen = [
        FoundName(Name("jira", "label", "", "api")),
        FoundName(Name("pagerduty", "service_id", "", "P"), "ML service"),
    ]
    assert propose(seen)[0] == []
    assert similarity("api", "api") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fraud Detector (prod)", "fraud-detector"),
        ("acme/fraudDetectors", "fraud-detector"),
        ("Été", "ete"),
        ("!", "model"),
    ],
)
def test_an_id_is_made_of_the_words(text: str, expected: str) -> None:
    assert slug(text) == expected

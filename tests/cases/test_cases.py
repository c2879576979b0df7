"""Every case gives what it expects: most in one home together, those that say why in one of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.cases.case import Case, all_cases
from tests.cases.home import build_alone, build_shared, differences
from tests.cases.quirks import PAGE, page

CASES = all_cases()
TOGETHER = [case for case in CASES if not case.is_alone]
ALONE = [case for case in CASES if case.is_alone]


def named(case: Case) -> str:
    """The test's name for it."""
    return case.name


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One home with the cases of this session that share one."""
    asked = [
        item.callspec.params["together"]
        for item in request.session.items
        if "together" in getattr(getattr(item, "callspec", None), "params", {})
    ]
    return build_shared(asked, tmp_path_factory.mktemp("cases") / "home")


@pytest.mark.xdist_group("cases together")
@pytest.mark.parametrize("together", TOGETHER, ids=named)
def test_case(together: Case, shared: Settings) -> None:
    assert differences(together, shared, together=True) == []


@pytest.mark.xdist_group("cases alone")
@pytest.mark.parametrize("alone", ALONE, ids=named)
def test_case_in_a_home_of_its_own(alone: Case, tmp_path: Path) -> None:
    assert differences(alone, build_alone(alone, tmp_path / "home")) == []


@pytest.mark.xdist_group("cases alone")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_case_is_well_formed(case: Case) -> None:
    assert case.faults() == []


@pytest.mark.xdist_group("cases alone")
def test_the_page_of_quirks_tells_every_case() -> None:
    assert PAGE.read_text() == page(CASES), "run `make generate`"

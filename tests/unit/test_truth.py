"""The page on planted truth counts what is equal and what misses, and says which."""

from __future__ import annotations

from typing import Any

from bench.truth import SEEDS, page


def company(seed: int, wrong: list[str], low: float) -> dict[str, Any]:
    return {
        "seed": seed,
        "exact": {"bills": [10, len(wrong), wrong], "hours": [5, 0, []]},
        "estimates": {"lifts": [["one, relative", 0.1, low, 0.2], ["one, absolute", 3.0, 2.0, 4.0]]},
    }


def test_what_differs_and_what_misses_is_counted_and_named() -> None:
    text = page([company(SEEDS[1], ["key: planted 1, found 2"], 0.15), company(SEEDS[0], [], 0.05)])
    assert "29 of 30 planted facts are equal" in text
    assert "| bills | 20 | 19 | **1** |" in text
    assert f"- seed {SEEDS[1]}, bills: key: planted 1, found 2" in text
    assert "1 of 4 intervals miss what was planted: 25.0%" in text
    assert "| lifts | one, relative | 2 | 1 | 50.0% ± 15.4% |" in text


def test_an_estimate_that_one_company_withholds_is_counted() -> None:
    silent = company(SEEDS[1], [], 0.05)
    silent["estimates"]["lifts"].pop()
    text = page([company(SEEDS[0], [], 0.05), silent])
    assert "0 of 3 intervals miss" in text
    assert "called a sound split broken: 1." in text


def test_a_page_of_some_seeds_says_so() -> None:
    assert f"so far 1 of {len(SEEDS)} ran: {SEEDS[3]}" in page([company(SEEDS[3], [], 0.05)])
    assert "all of them have run" in page(company(seed, [], 0.05) for seed in SEEDS)

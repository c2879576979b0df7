"""The sample company's finance exports: budgets, plans, weekly cost and benefit postings, and what they are worth.

The values in the truth are worked out here in decimals, by other formulas than `estimates.finance` uses: it must find
them again. The projects' catalog entries lie in `catalog/projects`.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

from pipelines.scenario.period import moved
from pipelines.scenario.world import POUNDS_PER_USD, World

BENEFITS = ("savings", "revenue")
ACCOUNTS = {"development": "610100", "cloud": "640200", "monitoring": "640300", "labelling": "650100"}
COST_HEADER = (
    "Document Number", "Line Item", "Posting Date", "Project", "GL Account", "Cost Category", "Amount", "Currency",
    "Reversal Of", "Text",
)  # fmt: skip
BENEFIT_HEADER = (
    "Document Number", "Line Item", "Posting Date", "Project", "Benefit Type", "Amount", "Currency", "Reversal Of",
)  # fmt: skip
PLAN_HEADER = (
    "Project", "Plan Version", "Approved On", "Month", "Flow Category", "Amount", "Low", "High", "Currency",
)  # fmt: skip
BUDGET_HEADER = (
    "Project", "Budget Version", "Approved On", "Cost Centre", "Cost Category", "Month", "Amount", "Currency",
)  # fmt: skip
BROKEN_ROW: dict[str, object] = {
    "Document Number": "4900000000", "Line Item": 1, "Project": "WBS-1001", "GL Account": "610100",
    "Cost Category": "Development", "Amount": "see attachment", "Currency": "USD",
}  # fmt: skip
UNKNOWN_CODE, UNKNOWN_DOCUMENT = "WBS-9999", "4899999999"
ONLY_ACCOUNT_CODE = "IO-77003"
BENEFIT_DAYS = (7, 14, 21, 25)
NO_IRR = "writing-licence"

Flows = dict[int, dict[str, Decimal]]
"""Month, counted from month 0 → category → amount above zero, in the project's currency."""


@dataclass(frozen=True)
class Recurring:
    """An amount a month, from month `first` on for `months` months (None: to the horizon)."""

    category: str
    amount: int
    first: int = 0
    months: int | None = None


@dataclass(frozen=True)
class Plan:
    """A version of a project's plan, approved `age` days after the start."""

    version: str
    age: int
    parts: tuple[Recurring, ...]


@dataclass(frozen=True)
class Project:
    """A project as finance knows it; `rates` are (days after the start, annual discount rate).

    `first_month` is that of a company which starts on `FIRST_DAY`, until `projects` moves it.
    """

    id: str
    code: str
    currency: str
    first_month: date
    horizon: int
    plans: tuple[Plan, ...]
    rates: tuple[tuple[int, str], ...]
    shares: tuple[tuple[str, str], ...]
    low: str | None = "0.8"
    high: str | None = "1.15"
    is_booked: bool = True

    def flows(self, plan: Plan) -> Flows:
        """What `plan` plans."""
        flows: Flows = defaultdict(dict)
        for part in plan.parts:
            last = self.horizon if part.months is None else part.first + part.months
            for month in range(part.first, last):
                flows[month][part.category] = Decimal(part.amount)
        return flows

    def month(self, index: int) -> date:
        """The first day of a month, counted from month 0."""
        months = self.first_month.month - 1 + index
        return date(self.first_month.year + months // 12, months % 12 + 1, 1)


@dataclass(frozen=True)
class Posting:
    """A line in the books; `exported` is the Sunday whose file holds it."""

    document: str
    day: date
    exported: date
    project: str
    code: str
    category: str
    amount: Decimal
    currency: str
    reverses: str = ""
    has_category: bool = True


JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)
DEV, CLOUD, WATCH, LABELS, SAVED, EARNED = "development", "cloud", "monitoring", "labelling", "savings", "revenue"
PROJECTS: tuple[Project, ...] = (
    Project(
        "ranking-on-inferentia", "WBS-1001", "USD", JANUARY, 24,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 120_000, 0, 1), Recurring(DEV, 60_000, 1, 1), Recurring(CLOUD, 4_000, 1),
            Recurring(WATCH, 800, 1), Recurring(SAVED, 5_000, 0, 1), Recurring(SAVED, 9_000, 1),
            Recurring(EARNED, 4_000, 1, 1), Recurring(EARNED, 9_000, 2),
        )),),
        ((0, "0.10"),), (("recommender", "1"),),
    ),
    Project(
        "fraud-in-real-time", "WBS-1002", "EUR", JANUARY, 18,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 90_000, 0, 1), Recurring(CLOUD, 3_000), Recurring(LABELS, 1_500),
            Recurring(SAVED, 5_000, 0, 1), Recurring(SAVED, 14_000, 1),
        )),),
        ((0, "0.09"),), (("fraud-detector", "1"),),
    ),
    Project(
        "triage-in-every-ward", "WBS-1003", "GBP", JANUARY, 36,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 60_000, 0, 1), Recurring(DEV, 40_000, 1, 1), Recurring(CLOUD, 2_000),
            Recurring(LABELS, 2_500), Recurring(SAVED, 1_000, 0, 1), Recurring(SAVED, 6_000, 1, 1),
            Recurring(SAVED, 8_000, 2), Recurring(EARNED, 2_000, 6),
        )),),
        ((0, "0.08"),), (("triage", "1"),),
    ),
    Project(
        "routes-by-night", "WBS-1004", "USD", JANUARY, 24,
        (
            Plan("Annual budget", 0, (
                Recurring(DEV, 50_000, 0, 1), Recurring(CLOUD, 2_500), Recurring(WATCH, 500),
                Recurring(SAVED, 1_000, 0, 1), Recurring(SAVED, 7_000, 1),
            )),
            Plan("Forecast 1+11", 40, (
                Recurring(DEV, 50_000, 0, 1), Recurring(CLOUD, 3_000), Recurring(WATCH, 500),
                Recurring(SAVED, 1_000, 0, 1), Recurring(SAVED, 7_000, 1),
            )),
        ),
        ((0, "0.08"), (45, "0.11")), (("route-optimiser", "1"),),
    ),
    Project(
        "support-copilot", "WBS-1005", "USD", JANUARY, 12,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 80_000, 0, 1), Recurring(CLOUD, 3_000), Recurring(SAVED, 6_000, 2),
        )),),
        ((0, "0.10"),), (("support-assistant", "1"),),
    ),
    # NPV is zero at 21 % and at 69 %: -10,000 (1 - 1.1 y)(1 - 1.3 y) with y the discount factor of six months.
    Project(
        NO_IRR, "WBS-1006", "USD", JANUARY, 13,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 10_000, 0, 1), Recurring(EARNED, 24_000, 6, 1), Recurring(DEV, 14_300, 12, 1),
        )),),
        ((0, "0.10"),), (("writing-assistant", "1"),), low=None, high=None,
    ),
    Project(
        "shared-feature-store", "WBS-1007", "USD", APRIL, 24,
        (Plan("Annual budget", 0, (
            Recurring(DEV, 70_000, 0, 1), Recurring(DEV, 50_000, 1, 1), Recurring(CLOUD, 3_500, 1),
            Recurring(SAVED, 12_000, 2),
        )),),
        ((0, "0.10"),), (("recommender", "0.6"), ("fraud-detector", "0.4")), is_booked=False,
    ),
)  # fmt: skip


def projects(world: World) -> list[Project]:
    """The projects, their months moved to the world's."""
    return [replace(project, first_month=moved(project.first_month, world.start)) for project in PROJECTS]


def write_finance(world: World, landing: Path) -> dict[str, object]:
    """Write the exports under `landing/finance`; return what was planted.

    Plans and budgets come on the day they are approved, postings every Sunday for the week before: from the first of
    the first month on, even where the company's other files begin in its middle.
    """
    folder = landing / "finance"
    folder.mkdir(parents=True, exist_ok=True)
    end = world.dates[-1]
    before_start = [world.start.replace(day=number) for number in range(1, world.start.day)]
    sundays = [day for day in (*before_start, *world.dates) if day.weekday() == 6]
    postings = [posting for posting in _postings(world) if posting.exported in sundays]
    for age in sorted({plan.age for project in PROJECTS for plan in project.plans if plan.age < world.days}):
        day = world.start + timedelta(days=age)
        _csv(folder / f"planned_cash_flows_{day}.csv", PLAN_HEADER, list(_plan_rows(world, age, day)))
    _csv(folder / f"budgets_{world.start}.csv", BUDGET_HEADER, list(_budget_rows(world)))
    broken = 0
    for sunday in sundays:
        week = [posting for posting in postings if posting.exported == sunday]
        costs = [_cost_row(posting) for posting in week if posting.category not in BENEFITS]
        # The ledger's export overlaps: the first line of the week before is in it again.
        before = [p for p in postings if p.exported == sunday - timedelta(days=7) and p.category not in BENEFITS]
        costs += [_cost_row(posting) for posting in before[:1]]
        if sunday == sundays[0]:
            costs.append(BROKEN_ROW | {"Posting Date": sunday})
            broken += 1
        _csv(folder / f"cost_line_items_{sunday}.csv", COST_HEADER, costs)
        benefits = [_benefit_row(posting) for posting in week if posting.category in BENEFITS]
        _csv(folder / f"booked_benefits_{sunday}.csv", BENEFIT_HEADER, benefits)
    return _truth(world, postings, sundays[-1] if sundays else None, end) | {"quarantined": broken}


def _postings(world: World) -> Iterator[Posting]:
    """Everything booked, whether its export falls into the world's days or not, in the order of documents."""
    number = 4_900_000_001
    months = sorted({day.replace(day=1) for day in world.dates})
    for month in months:
        for project in projects(world):
            index = (month.year - project.first_month.year) * 12 + month.month - project.first_month.month
            if not project.is_booked or not 0 <= index < project.horizon:
                continue
            planned = project.flows(project.plans[0])[index]
            rng = world.rng("finance", project.id, month)
            for category, amount in planned.items():
                days = BENEFIT_DAYS if category in BENEFITS else (int(rng.integers(2, 27)),)
                for day in days:
                    posted = month.replace(day=day)
                    spread = Decimal(1) if project.id == NO_IRR else Decimal(round(float(rng.normal(1, 0.06)), 4))
                    posting = Posting(
                        str(number), posted, _sunday(posted), project.id, project.code, category,
                        (amount / len(days) * spread).quantize(Decimal("0.01")),
                        "EUR" if (project.code, category) == ("WBS-1001", CLOUD) else project.currency,
                    )  # fmt: skip
                    number += 1
                    yield from _with_mess(posting, index, number)
                    number += 2
    first = months[0].replace(day=20)
    yield Posting(
        UNKNOWN_DOCUMENT, first, _sunday(first), "unmapped", UNKNOWN_CODE, CLOUD, Decimal("321.50"), "USD",
    )  # fmt: skip


def _with_mess(posting: Posting, month: int, number: int) -> Iterator[Posting]:
    """The posting as it was really made: late, on an account alone, or twice with a reversal."""
    kind = posting.code, posting.category, month
    if kind == ("WBS-1003", LABELS, 0):
        posted = posting.day.replace(day=28)
        posting = replace(posting, day=posted, exported=_sunday(posted + timedelta(days=14)))
    if kind[:2] == ("WBS-1003", CLOUD):
        posting = replace(posting, code=ONLY_ACCOUNT_CODE, has_category=False)
    yield posting
    if kind == ("WBS-1002", DEV, 0):
        wrong = replace(posting, document=str(number), amount=Decimal("5000.00"))
        back = _last_day(posting.day) + timedelta(days=3)
        yield wrong
        yield replace(
            wrong, document=str(number + 1), day=back, exported=_sunday(back), amount=-wrong.amount,
            reverses=wrong.document,
        )  # fmt: skip


def _sunday(day: date) -> date:
    return day + timedelta(days=6 - day.weekday())


def _plan_rows(world: World, age: int, day: date) -> Iterator[dict[str, object]]:
    for project in projects(world):
        for plan in project.plans:
            if plan.age != age:
                continue
            for month, flows in sorted(project.flows(plan).items()):
                for category, amount in flows.items():
                    yield {
                        "Project": project.code, "Plan Version": plan.version, "Approved On": day,
                        "Month": f"{project.month(month):%Y-%m}", "Flow Category": category.title(), "Amount": amount,
                        "Low": amount * Decimal(project.low) if project.low else "",
                        "High": amount * Decimal(project.high) if project.high else "",
                        "Currency": project.currency,
                    }  # fmt: skip


def _budget_rows(world: World) -> Iterator[dict[str, object]]:
    """A twentieth above what the first plan costs."""
    for project in projects(world):
        for month, flows in sorted(project.flows(project.plans[0]).items()):
            for category, amount in flows.items():
                if category not in BENEFITS:
                    yield {
                        "Project": project.code, "Budget Version": f"{world.start.year}", "Approved On": world.start,
                        "Cost Centre": "CC-410", "Cost Category": category.title(), "Month": project.month(month),
                        "Amount": f"{amount * Decimal('1.05'):,.2f}", "Currency": project.currency,
                    }  # fmt: skip


def _cost_row(posting: Posting) -> dict[str, object]:
    return {
        "Document Number": posting.document, "Line Item": 1, "Posting Date": posting.day, "Project": posting.code,
        "GL Account": ACCOUNTS[posting.category],
        "Cost Category": posting.category.title() if posting.has_category else "", "Amount": posting.amount,
        "Currency": posting.currency, "Reversal Of": posting.reverses,
        "Text": "Reversal" if posting.reverses else "",
    }  # fmt: skip


def _benefit_row(posting: Posting) -> dict[str, object]:
    return {
        "Document Number": posting.document, "Line Item": 1, "Posting Date": posting.day, "Project": posting.code,
        "Benefit Type": posting.category.title(), "Amount": posting.amount, "Currency": posting.currency,
        "Reversal Of": posting.reverses,
    }  # fmt: skip


def _truth(world: World, postings: Sequence[Posting], covered: date | None, end: date) -> dict[str, object]:
    """What the marts must find: amounts as texts, to keep every digit."""
    rates = world.usd_per_eur()
    booked: dict[tuple[str, date, str], Decimal] = defaultdict(Decimal)
    for posting in postings:
        sign = 1 if posting.category in BENEFITS else -1
        usd = sign * posting.amount * _usd_per_unit(rates, posting.currency, posting.day)
        booked[posting.project, posting.day.replace(day=1), posting.category] += usd
    ends = sorted({_last_day(day) for day in world.dates})
    closed = [last for last in ends if covered is not None and last < covered]
    values = [
        _valued(world, rates, booked, project, closed, as_of)
        for project in projects(world)
        for as_of in sorted({*(last for last in closed if last < end), end})
    ]
    return {
        "closed_months": [f"{last:%Y-%m}" for last in closed],
        "actual": [
            {"project_id": project, "month": f"{month:%Y-%m}", "category": category, "amount_usd": str(usd)}
            for (project, month, category), usd in sorted(booked.items())
        ],
        "values": values,
    }


def _usd_per_unit(rates: Mapping[date, Decimal], currency: str, day: date) -> Decimal:
    dollars = rates[max(published for published in rates if published <= day)]
    if currency == "GBP":
        return dollars / Decimal(f"{dollars * POUNDS_PER_USD:.5f}")
    return {"USD": Decimal(1), "EUR": dollars}[currency]


def _valued(
    world: World, rates: Mapping[date, Decimal], booked: Mapping[tuple[str, date, str], Decimal], project: Project,
    closed: Sequence[date], as_of: date,
) -> dict[str, object]:  # fmt: skip
    """A project's value as known at the end of `as_of`."""
    age = (as_of - world.start).days
    plan = max((plan for plan in project.plans if plan.age <= age), key=lambda plan: plan.age)
    annual = Decimal(max((since, rate) for since, rate in project.rates if since <= age)[1])
    per_unit = _usd_per_unit(rates, project.currency, world.start + timedelta(days=plan.age))
    planned = project.flows(plan)
    flows = []
    for index in range(project.horizon):
        month = project.month(index)
        if any(last.replace(day=1) == month and last <= as_of for last in closed):
            flow = sum((usd for (*key, _), usd in booked.items() if key == [project.id, month]), Decimal(0))
        else:
            flow = Decimal(0)
            for category, amount in planned.get(index, {}).items():
                flow += (amount if category in BENEFITS else -amount) * per_unit
        flows.append(flow)
    worth = _present(flows, annual)
    return {
        "project_id": project.id, "as_of": str(as_of), "npv_usd": str(sum(worth)),
        "irr": None if project.id == NO_IRR else _rate_of_return(flows),
        "payback_months": _payback(flows), "discounted_payback_months": _payback(worth),
        "shares": dict(project.shares),
    }  # fmt: skip


def _present(flows: Sequence[Decimal], annual: Decimal) -> list[Decimal]:
    with localcontext(prec=40):
        month = ((1 + annual).ln() / 12).exp()
        worth, divisor = [], Decimal(1)
        for flow in flows:
            worth.append(flow / divisor)
            divisor *= month
        return worth


def _rate_of_return(flows: Sequence[Decimal]) -> float:
    """Bisection between -98 % and +9,900 % a year, where NPV must change its sign once."""
    low, high = Decimal("-0.98"), Decimal(99)
    with localcontext(prec=40):
        for _ in range(80):
            middle = (low + high) / 2
            if sum(_present(flows, middle)) > 0:
                low = middle
            else:
                high = middle
    return float(low)


def _payback(flows: Sequence[Decimal]) -> float | None:
    """Walking back from the end: the last month before which money was still out."""
    left = sum(flows, Decimal(0))
    if left < 0:
        return None
    for index in range(len(flows) - 1, -1, -1):
        before = left - flows[index]
        if index > 0 and before < 0:
            return float(index - 1 + -before / flows[index])
        left = before
    return 0.0


def _last_day(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue())

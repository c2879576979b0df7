// Figures of what the models are worth: value by evidence, and each model's verdict, with a what-if.

import { models, nameOf, rows } from "../data.js";
import { chartWindow } from "../days.js";
import { h } from "../dom.js";
import { figure } from "../figure.js";
import { chosenModels, chosenRows, currentView, navigate, state } from "../filters.js";
import { DAY, isoDay, money, number, periodName, plural } from "../format.js";
import { onePanel } from "../panels.js";
import { whatIf } from "../verdict.js";

/** The newest month of the table `spending` that the chosen period reaches. */
export function spendingMonth() {
  const last = isoDay(chartWindow().period.to - DAY);
  return rows("spending").findLast((row) => row.month <= last);
}

const isPart = () => chosenModels().length < models().length;

/** What a row of `spending` is of: the mart adds up all models, whichever are chosen. */
export const spendingName = (row) =>
  `${isPart() ? "All models, " : ""}${periodName("month", row.month)}${row.is_whole ? "" : ", so far"}`;

const AMOUNTS = [
  ["measured by experiments", "measured_usd", "var(--part-1)"],
  ["recorded by finance", "actual_usd", "var(--part-3)"],
  ["claimed, not measured", "claimed_usd", "var(--part-5)"],
  ["planned", "planned_usd", "var(--thin)"],
];
const FLAGS = [
  ["is_measured_above_actual", "measured is more than twice what finance recorded"],
  ["is_measured_below_actual", "measured is less than half of what finance recorded"],
  ["is_claimed_unmeasured", "claimed, not measured"],
  ["is_actual_unmeasured", "recorded, not measured"],
  ["is_measured_unrecorded", "measured, and no project records it"],
];
const reconciled = () => {
  const month = spendingMonth()?.month;
  return chosenRows("reconciliation")
    .filter((row) => row.month === month)
    .sort((a, b) => (b.measured_usd ?? b.claimed_usd ?? 0) - (a.measured_usd ?? a.claimed_usd ?? 0));
};

const reconciliationFigures = () => [
  figure({
    title: "Value by evidence",
    how: "USD in the month, the same benefit as four sides state it: compared, never added up",
    chart: "grouped",
    wide: true,
    alone: 200,
    columns: [
      ["model", "Model"],
      ["month", "Month"],
      ["measured", "Measured, USD"],
      ["low", "From"],
      ["high", "To"],
      ["actual", "Recorded by finance, USD"],
      ["claimed", "Claimed, USD"],
      ["planned", "Planned, USD"],
      ["ratio", "Measured / recorded"],
      ["difference", "To explain, USD"],
      ["flags", "Note"],
    ],
    tabled: () =>
      reconciled().map((row) => ({
        model: nameOf(row.model_id),
        month: row.month.slice(0, 7),
        measured: row.measured_usd,
        low: row.measured_ci_low_usd,
        high: row.measured_ci_high_usd,
        actual: row.actual_usd,
        claimed: row.claimed_usd,
        planned: row.planned_usd,
        ratio: row.measured_to_actual_ratio,
        difference: row.difference_usd,
        flags:
          FLAGS.filter(([flag]) => row[flag])
            .map(([, text]) => text)
            .join("; ") ||
          row.measured_gap_reason ||
          null,
      })),
    legend: () => AMOUNTS.map(([name, , colour]) => [name, colour, "square"]),
    panels: () =>
      onePanel(
        reconciled().flatMap((row) =>
          AMOUNTS.filter(([, column]) => row[column] != null).map(([part, column, colour]) => ({
            group: nameOf(row.model_id),
            part,
            value: row[column],
            colour,
            tip: `${nameOf(row.model_id)}\n${part}: ${money(row[column])}${column === "measured_usd" && row.measured_ci_low_usd != null ? `\n95 %: ${money(row.measured_ci_low_usd)} to ${money(row.measured_ci_high_usd)}` : ""}`,
          })),
        ),
        { number: "$~s" },
      ),
  }),
];

/** Factors of the what-if: their names, and how the address has them. */
const FACTORS = { volume: "Volume", unitCost: "Unit cost", unitValue: "Unit value", effect: "Effect" };
const factors = () =>
  Object.fromEntries(
    state.whatif
      .split(",")
      .map((pair) => pair.split(":"))
      .filter(([name, value]) => name in FACTORS && Number.isFinite(Number(value)) && value !== "")
      .map(([name, value]) => [name, Number(value)]),
  );
const isHypothetical = () => Object.values(factors()).some((factor) => factor !== 1);

/** Inputs in per cent of today; a change is a new address. */
function hypothesis() {
  const inputs = Object.entries(FACTORS).map(([name, text]) =>
    h(
      "label",
      {},
      `${text}, % of today`,
      h("input", { type: "number", step: "any", name, value: "100", "aria-label": `${text}, per cent of today` }),
    ),
  );
  const form = h(
    "form",
    { class: "whatif", "aria-label": "What if" },
    h("b", {}, "What if"),
    inputs,
    h("button", { type: "reset" }, "As it is"),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    const given = [...new FormData(form)].filter(([, value]) => value !== "" && Number(value) !== 100);
    const whatif = given.map(([name, value]) => `${name}:${Number(value) / 100}`).join(",");
    navigate({ view: currentView(), whatif });
  });
  form.addEventListener("reset", () => navigate({ view: currentView(), whatif: "" }));
  return form;
}

/** Have the inputs say what the address says. */
export function showHypothesis() {
  for (const input of document.querySelectorAll(".whatif input"))
    if (document.activeElement !== input) input.value = 100 * (factors()[input.name] ?? 1);
}

const ORDER = ["retire", "fix", "experiment", "scale"];
const VERDICTS = { retire: "poor", fix: "fair", experiment: "idle", scale: "good" };
const BASE = [
  ["model", "Model"],
  ["verdict", "Verdict", VERDICTS],
  ["value", "Value, USD"],
  ["low", "From"],
  ["high", "To"],
  ["cost", "Full cost, USD"],
  ["net", "Value less cost"],
  ["evidence", "Evidence"],
  ["breached", "Breached"],
  ["change", "What would change it"],
];
const SUPPOSED = [
  ["supposedVerdict", "Hypothetical verdict", VERDICTS],
  ["supposedNet", "Hypothetical value less cost"],
];

const portfolioFigures = () => [
  figure({
    title: "Portfolio",
    how: "each model's value less its full cost over the newest whole months, and what follows from it",
    columns: () => (isHypothetical() ? [...BASE.slice(0, 2), ...SUPPOSED, ...BASE.slice(2)] : BASE),
    head: hypothesis,
    panels: () =>
      onePanel(
        chosenRows("portfolio")
          .map((row) => {
            const supposed = whatIf(row, factors());
            return {
              model: nameOf(row.model_id),
              verdict: row.verdict,
              value: row.value_usd,
              low: row.value_low_usd,
              high: row.value_high_usd,
              cost: row.full_cost_usd,
              net: row.net_usd,
              evidence: row.evidence_grade,
              breached: row.breaches,
              change: row.would_change,
              supposedVerdict: supposed.verdict,
              supposedNet: supposed.net,
            };
          })
          .sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || (a.net ?? 0) - (b.net ?? 0)),
      ),
  }),
];

const verdictCounts = () => {
  const counts = ORDER.map((verdict) => [
    verdict,
    chosenRows("portfolio").filter((row) => row.verdict === verdict).length,
  ]);
  return counts
    .filter(([, count]) => count)
    .map(([verdict, count]) => `${verdict} ${count}`)
    .join(", ");
};

/** Id → title, a sentence, and its figures. */
export const PORTFOLIO = {
  reconciliation: [
    "Value reconciled",
    () => {
      const month = spendingMonth();
      if (!month) return "No month is known.";
      const flagged = reconciled().filter((row) => FLAGS.some(([flag]) => row[flag]));
      return (
        `${spendingName(month)}: ${money(month.measured_usd)} measured, ` +
        `${month.actual_usd == null ? "not yet closed by finance" : `${money(month.actual_usd)} recorded by finance`}, ` +
        `${money(month.claimed_usd)} claimed and not measured. ` +
        `${isPart() ? "Of those chosen, " : ""}${plural(flagged.length, "model has", "models have")} amounts that disagree or that nobody measured.`
      );
    },
    reconciliationFigures,
  ],
  portfolio: [
    "Scale, fix, experiment or retire",
    () => {
      const [row] = chosenRows("portfolio").filter((one) => one.first_date);
      if (!row) return chosenModels().length ? "No whole month of value and cost is known yet." : "No model is chosen.";
      const whatif = isHypothetical()
        ? ` Hypothetical: ${Object.entries(factors())
            .map(([name, factor]) => `${FACTORS[name].toLowerCase()} at ${number(100 * factor)} %`)
            .join(", ")}.`
        : "";
      const { length } = chosenRows("portfolio");
      const verdicts =
        length > 1 ? `${plural(length, "model")}: ${verdictCounts()}` : `Verdict: ${row.verdict ?? "none"}`;
      return `${verdicts}.${whatif}`;
    },
    portfolioFigures,
  ],
};

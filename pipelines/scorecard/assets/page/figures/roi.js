// Figures of ROI: cumulative value, experiments, the finance of projects.

import { edged, reachOf } from "../clip.js";
import { grouped, nameOf } from "../data.js";
import { figure, rulersOf } from "../figure.js";
import { address, chosenRows, projectRows, state } from "../filters.js";
import { change, DAY, day, gradeName, money, share } from "../format.js";
import { dayFigure, EVENT_KEY, onePanel, PERIOD_KEY } from "../panels.js";

const UNREAD = ["invalid", "underpowered"];
/** How a result is drawn: its colour, and a shape for those who see no difference of colour. */
const VERDICTS = {
  better: { colour: "var(--good)", shape: "triangle-up" },
  worse: { colour: "var(--bad)", shape: "triangle-down" },
  none: { colour: "var(--soft)", shape: "circle" },
};
const UNREADABLE = { colour: "var(--warn)", shape: "square" };
const EXPERIMENT_COLUMNS = [
  ["experiment", "Experiment"],
  ["model", "Model"],
  ["metric", "Metric"],
  ["variant", "Variant"],
  ["value", "Change", change],
  ["low", "From", change],
  ["high", "To", change],
  ["grade", "Evidence"],
  ["method", "Method"],
  ["status", "Status", { invalid: "poor", underpowered: "fair", running: "idle", finished: "good" }],
  ["said", "Conclusion"],
];

const experiments = () =>
  chosenRows("experiments").map((row) => ({
    experiment: row.experiment_name,
    model: nameOf(row.model_id),
    metric: `${row.metric_name}${row.is_primary ? "" : " (secondary)"}`,
    variant: row.variation_id,
    is_primary: row.is_primary,
    label: `${row.experiment_name}: ${row.metric_name}${UNREAD.includes(row.status) ? ` (${row.status})` : ""}`,
    value: row.lift_relative,
    low: row.lift_relative_ci_low,
    high: row.lift_relative_ci_high,
    grade: gradeName(row.evidence_grade),
    method: row.method,
    status: row.status,
    said: row.decision,
    ...(UNREAD.includes(row.status) ? UNREADABLE : (VERDICTS[row.direction] ?? VERDICTS.none)),
    tip: `${row.experiment_name}, ${nameOf(row.model_id)}\n${row.lift_relative == null ? "" : `${change(row.lift_relative)}, 95 %: ${change(row.lift_relative_ci_low)} to ${change(row.lift_relative_ci_high)}\n`}${row.decision}`,
  }));

export const valueFigures = () => [
  dayFigure({
    title: "Cumulative value",
    how: "USD since the model's first day; what is declared and not measured has no interval",
    table: "worth",
    read: (row) => ({
      rolling: row.cumulative_value_usd,
      low: row.cumulative_value_ci_low_usd,
      high: row.cumulative_value_ci_high_usd,
      grade: gradeName(row.evidence_grade),
    }),
    columns: [
      ["rolling", "USD so far"],
      ["low", "From"],
      ["high", "To"],
      ["grade", "Evidence"],
    ],
    number: "$~s",
    legend: () => [
      ["so far", "var(--accent)", "line"],
      ["95 % interval", "var(--accent)", "band"],
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    describe: (row) =>
      `${money(row.rolling)} so far${row.low == null ? "" : `\n95 %: ${money(row.low)} to ${money(row.high)}`}\nevidence: ${row.grade}`,
  }),
  figure({
    title: "Primary-metric results",
    how: "change against the control, with its 95 % interval",
    chart: "forest",
    wide: true,
    columns: EXPERIMENT_COLUMNS,
    legend: (panels) => [
      ["found better", "var(--good)", "up"],
      ["found worse", "var(--bad)", "down"],
      ["no difference found", "var(--soft)", "dot"],
      ["invalid or underpowered: not to be read as an effect", "var(--warn)", "square"],
      ...(reachOf(panels[0].rows)
        ? [["→ reaches beyond the plot; its value is written there", "var(--soft)", "none"]]
        : []),
    ],
    panels: () => {
      const filled = experiments().filter((row) => row.is_primary && row.value != null);
      const reach = reachOf(filled);
      return onePanel(
        filled.map((row) => edged(row, reach, change)),
        { number: "+.0%", height: 28 * filled.length, reach },
      );
    },
  }),
  figure({
    title: "Every metric of every experiment",
    columns: EXPERIMENT_COLUMNS,
    panels: () => onePanel(experiments()),
  }),
];

const projectPanels = (name, make) =>
  [...grouped(projectRows(name), (row) => row.project_id)]
    .map(([id, mine]) => ({
      key: id,
      title: state.project ? null : mine[0].project_name,
      href: address({ project: id }),
      ...make(mine),
    }))
    .filter((panel) => panel.rows.length);

export const financeFigures = () => [
  figure({
    title: "Discounted cash flow, cumulated",
    how: "USD by month; every project has a page of its own",
    chart: "cash",
    wide: true,
    columns: [
      ["when", "Month"],
      ["project", "Project"],
      ["value", "As known, USD"],
      ["planned", "By plan, USD"],
      ["basis", "The month is"],
    ],
    legend: () => [
      ["as known, at each month's end", "var(--accent)", "line"],
      ["actual", "var(--accent)", "dot"],
      ["by plan", "var(--ink)", "dash"],
    ],
    panels: () =>
      projectPanels("finance", (mine) => {
        const filled = mine
          .filter((row) => row.npv_to_date_usd != null)
          .map((row) => ({
            day: +day(row.month),
            when: row.month.slice(0, 7),
            project: row.project_name,
            value: row.npv_to_date_usd,
            planned: row.planned_npv_to_date_usd,
            booked: row.basis === "planned" ? null : row.npv_to_date_usd,
            basis: row.basis?.replace("_", " "),
          }));
        return {
          rows: filled,
          note: filled.length ? money(filled.at(-1).value) : "",
          number: "$~s",
          time: "%b %Y",
          rulers: rulersOf(
            filled,
            (row) => `${money(row.value)} so far, ${row.basis}\nby plan: ${money(row.planned)}`,
            30 * DAY,
          ),
        };
      }),
  }),
  figure({
    title: "Scenarios",
    how: "NPV, USD: base, from downside to upside",
    chart: "forest",
    wide: true,
    columns: [
      ["project", "Project"],
      ["low", "Downside"],
      ["value", "Base"],
      ["high", "Upside"],
      ["chance", "Chance that NPV is above 0", share],
    ],
    panels: () => {
      const filled = [
        ...grouped(
          projectRows("scenarios").filter((row) => row.kind === "scenario"),
          (row) => row.project_id,
        ).values(),
      ]
        .map((mine) => {
          const named = Object.fromEntries(mine.map((row) => [row.name, row]));
          const chance = named.base?.npv_positive_rate;
          const project = mine[0].project_name;
          return {
            label: `${project}: ${money(named.base?.npv_usd)}`,
            project,
            low: named.downside?.npv_usd,
            value: named.base?.npv_usd,
            high: named.upside?.npv_usd,
            chance,
            colour: "var(--accent)",
            shape: "circle",
            tip: `${project}\nfrom ${money(named.downside?.npv_usd)} to ${money(named.upside?.npv_usd)}\n${chance == null ? "no input is uncertain" : `${share(chance)} chance of a gain`}`,
          };
        })
        .filter((row) => row.value != null);
      return onePanel(filled, { number: "$~s", height: 26 * filled.length });
    },
  }),
  figure({
    title: "NPV sensitivity",
    how: "NPV, USD, with one input at either end of its range, widest first",
    chart: "tornado",
    wide: true,
    columns: [
      ["project", "Project"],
      ["label", "Input"],
      ["low", "NPV at its low end"],
      ["base", "Base"],
      ["high", "NPV at its high end"],
    ],
    legend: () => [
      ["at its low end", "var(--part-2)", "square"],
      ["at its high end", "var(--part-1)", "square"],
    ],
    panels: () =>
      projectPanels("scenarios", (mine) => {
        const base = mine.find((row) => row.kind === "scenario" && row.name === "base")?.npv_usd;
        const filled = mine
          .filter((row) => row.kind === "input" && row.npv_swing_usd != null)
          .sort((a, b) => b.npv_swing_usd - a.npv_swing_usd)
          .map((row) => {
            const label = row.name.replace("category:", "").replaceAll("_", " ");
            return {
              project: row.project_name,
              label,
              low: row.low_npv_usd,
              high: row.high_npv_usd,
              base,
              tip: `${label}\n${money(row.low_npv_usd)} at its low end\n${money(row.high_npv_usd)} at its high end`,
            };
          });
        return { rows: filled, number: "$~s", height: 30 + 24 * filled.length };
      }),
  }),
  figure({
    title: "Projects",
    sorted: { field: "npv", down: false }, // what is below zero comes first
    columns: [
      ["project", "Project"],
      ["sponsor", "Sponsor"],
      ["npv", "NPV, USD"],
      ["irr", "IRR a year", share],
      ["payback", "Payback, months"],
      ["discounted", "Discounted payback, months"],
      ["gap", "Missing because"],
    ],
    panels: () =>
      onePanel(
        projectRows("projects").map((row) => ({
          project: row.project_name,
          links: { project: address({ view: "project", project: row.project_id }) },
          sponsor: row.sponsor,
          npv: row.npv_usd,
          irr: row.irr,
          payback: row.payback_months,
          discounted: row.discounted_payback_months,
          gap: row.gap_reason,
        })),
      ),
  }),
];

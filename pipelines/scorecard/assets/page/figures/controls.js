// Figures of what bounds a model: guardrails, error budgets, fairness; and the list of what happened.

import { grouped, nameOf, rowsOf } from "../data.js";
import { inWindow } from "../days.js";
import { figure, PART, rulersOf } from "../figure.js";
import { chosenRows, isOne } from "../filters.js";
import { day, number, plural, share, shortMonth } from "../format.js";
import { EVENT_KEY, eventsOf, modelPanels, onePanel, PERIOD_KEY, partLegend } from "../panels.js";

const newestOf = (list, key, at) =>
  [...grouped(list, key).values()].map((mine) => mine.reduce((best, row) => (row[at] > best[at] ? row : best)));

const guardrails = () =>
  newestOf(chosenRows("guardrails"), (row) => `${row.model_id}|${row.guardrail_id}`, "start").sort(
    (a, b) => b.is_breached - a.is_breached || nameOf(a.model_id).localeCompare(nameOf(b.model_id)),
  );
const SLOS = ["availability", "latency"];
const budgets = () => newestOf(chosenRows("budgets"), (row) => `${row.model_id}|${row.slo}`, "day");
const groupName = (row) => `${row.cohort_attribute.replaceAll("_", " ")}: ${row.cohort_value.replaceAll("_", " ")}`;

/** The groups of a model in the newest month that has a recall of them, else in the newest of all. */
const fairness = () =>
  [...grouped(chosenRows("fairness"), (row) => row.model_id).values()].flatMap((mine) => {
    const newest = (list) => list.reduce((best, row) => (row.month > best ? row.month : best), "");
    const month = newest(mine.filter((row) => row.recall != null)) || newest(mine);
    return mine.filter((row) => row.month === month);
  });

const guardrailFigures = () => [
  figure({
    title: "Guardrails",
    how: "the newest period of each; crossed ones first",
    columns: [
      ["state", "Status", { crossed: "poor", held: "good" }],
      ["model", "Model"],
      ["guardrail", "Guardrail"],
      ["from", "Period from"],
      ["evidence", "Evidence"],
      ["action", "If crossed"],
    ],
    panels: () =>
      onePanel(
        guardrails().map((row) => ({
          state: row.is_breached ? "crossed" : "held",
          model: nameOf(row.model_id),
          guardrail: row.guardrail_id.replaceAll("-", " "),
          from: row.start,
          evidence: row.evidence,
          action: row.action.replaceAll("_", " "),
        })),
      ),
  }),
];

const budgetFigures = () => [
  figure({
    title: "Error budget spent",
    how: "share of the 28-day budget of each service level objective; above 100 % the objective is missed",
    chart: "lines",
    wide: true,
    by: ["version"],
    columns: [
      ["when", "Day"],
      ["model", "Model"],
      ["part", "Objective"],
      ["value", "Budget spent", share],
      ["goal", "Objective is", share],
    ],
    legend: () => [...partLegend(SLOS), PERIOD_KEY, ...EVENT_KEY],
    panels: () =>
      modelPanels((model) => {
        const filled = inWindow(rowsOf("budgets", model.model_id), "day").map((row) => {
          const colour = PART(SLOS.indexOf(row.slo));
          return {
            day: +day(row.day),
            when: row.day,
            model: model.model_name,
            part: row.slo,
            value: row.budget_spent,
            goal: row.goal,
            colour,
            fill: colour,
          };
        });
        return {
          rows: filled,
          number: ".0%",
          events: eventsOf(model.model_id),
          rulers: rulersOf(filled, (row) => `${row.part}: ${share(row.value)} of the budget spent`),
        };
      }),
  }),
];

const fairnessFigures = () => [
  figure({
    title: "Recall by group",
    how: "share of the positives found, with its 95 % interval, in the newest month with enough labels",
    chart: "forest",
    wide: true,
    columns: [
      ["model", "Model"],
      ["group", "Group"],
      ["month", "Month"],
      ["value", "Recall", share],
      ["low", "From", share],
      ["high", "To", share],
      ["positives", "Positives"],
      ["difference", "Below the best group by"],
      ["selected", "Selection rate", share],
      ["ratio", "Of the highest selection rate", share],
    ],
    panels: () => {
      const filled = fairness().map((row) => ({
        model: nameOf(row.model_id),
        group: groupName(row),
        label: `${groupName(row)}${isOne() ? "" : ` · ${nameOf(row.model_id)}`}`,
        month: row.month.slice(0, 7),
        value: row.recall,
        low: row.recall_low,
        high: row.recall_high,
        positives: row.positive_count,
        difference: row.difference,
        selected: row.selection_rate,
        ratio: row.selection_ratio,
        colour: "var(--accent)",
        shape: "circle",
        tip: `${groupName(row)}, ${shortMonth(row.month)}\n${row.recall == null ? "too few labels" : `recall ${share(row.recall)}, 95 %: ${share(row.recall_low)} to ${share(row.recall_high)}`}\nselected: ${share(row.selection_rate)}`,
      }));
      return onePanel(filled, { number: ".0%", height: Math.max(60, 28 * filled.length) });
    },
  }),
];

const KINDS = { release: "idle", incident: "poor", campaign: "fair", price_change: "fair", holiday: "idle" };

const annotationFigures = () => [
  figure({
    title: "What happened",
    how: "releases, incidents, campaigns and holidays of these days, newest first",
    columns: [
      ["day", "Day"],
      ["kind", "Kind", Object.fromEntries(Object.entries(KINDS).map(([kind, tone]) => [kind.replace("_", " "), tone]))],
      ["model", "Model"],
      ["title", "What"],
      ["note", "Note"],
      ["source", "From"],
    ],
    panels: () =>
      onePanel(
        inWindow(chosenRows("annotations"), "day")
          .map((row) => ({
            day: row.day,
            kind: row.kind.replace("_", " "),
            model: nameOf(row.model_id),
            title: row.title,
            note: row.note,
            source: row.source,
            links: { title: row.url },
          }))
          .sort((a, b) => b.day.localeCompare(a.day)),
      ),
  }),
];

const crossed = () => guardrails().filter((row) => row.is_breached);
const spent = () => budgets().filter((row) => row.budget_spent > 1);

/** Id → title, a sentence, and its figures: sections that belong to no KPI. */
export const CONTROLS = {
  budgets: [
    "Error budgets",
    () =>
      budgets().length
        ? `${plural(spent().length, "objective")} of ${budgets().length} ${spent().length === 1 ? "has" : "have"} spent more than the 28-day budget${
            spent().length
              ? `: ${spent()
                  .map((row) => `${nameOf(row.model_id)} (${row.slo}, ${share(row.budget_spent)})`)
                  .join(", ")}`
              : ""
          }.`
        : "No service level objective is set.",
    budgetFigures,
  ],
  guardrails: [
    "Guardrails",
    () =>
      guardrails().length
        ? `${plural(crossed().length, "guardrail")} of ${guardrails().length} ${crossed().length === 1 ? "is" : "are"} crossed.`
        : "No guardrail is set.",
    guardrailFigures,
  ],
  fairness: [
    "Fairness",
    () => {
      const known = fairness().filter((row) => row.recall != null);
      if (!known.length)
        return "No group of users is measured: no protected attribute is declared, or labels are missing.";
      const worst = known.reduce((best, row) => (row.difference < best.difference ? row : best));
      return worst.difference < 0
        ? `Furthest apart: ${nameOf(worst.model_id)} finds ${number(-100 * worst.difference)} points fewer positives among ${groupName(worst)} than in its best group (${shortMonth(worst.month)}).`
        : "No group is worse off than another.";
    },
    fairnessFigures,
  ],
};

/** The list of what happened, which ends the views that have it. */
export const ANNOTATIONS = {
  annotations: [
    "Annotations",
    () => `${plural(inWindow(chosenRows("annotations"), "day").length, "event")} in these days.`,
    annotationFigures,
  ],
};

// What figures share: a panel for each model, events on its days, legend entries, shades.

import { cells, rowsOf, starts } from "./data.js";
import { inWindow } from "./days.js";
import { figure, PANELS, PART, rulersOf } from "./figure.js";
import { address, cellOf, chosenModels, isOne } from "./filters.js";
import { amountOf, cellAmount, day, shortDay } from "./format.js";

export const PERIOD_KEY = ["chosen period", "var(--accent)", "wash"];
const URGENCY = ["off_target", "at_risk", "no_target", "on_target", "no_data"];
/** Severities that charts mark: of many incidents, those that somebody was paged for. */
const PAGED = ["P1", "P2", "SEV1", "SEV2", "critical", "high"];

/** A panel for each chosen model that has rows; where they are many, those that need attention first. */
export function modelPanels(make, kpi) {
  const panels = chosenModels()
    .map((model) => {
      const cell = kpi && cellOf(model.model_id, kpi.kpi_id);
      return {
        key: model.model_id,
        title: isOne() ? null : model.model_name,
        href: address({ model: model.model_id }),
        status: cell?.status,
        note:
          cell?.value == null
            ? ""
            : `${cellAmount(kpi, cell)}${cell.target == null ? "" : `, target ${amountOf(kpi, cell.target)}`}`,
        ...make(model),
      };
    })
    .filter((panel) => panel.rows.length);
  if (!kpi || panels.length <= PANELS) return panels;
  return panels.sort((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status));
}

/** The legend of `eventsOf`. */
export const EVENT_KEY = [
  ["release", "var(--ink)", "dot"],
  ["P1/P2 incident", "var(--bad)", "down"],
  ["campaign, price, holiday", "var(--soft)", "square"],
];

/** What happened to a model on the days that charts show. */
export function eventsOf(model) {
  return inWindow(rowsOf("annotations", model), "day")
    .filter((row) => row.kind !== "incident" || PAGED.includes(row.note))
    .map((row) => ({
      day: +day(row.day),
      tip: [`${shortDay(row.day)}\n${row.kind.replace("_", " ")}: ${row.title}`, row.note].filter(Boolean).join("\n"),
      ...({
        release: { colour: "var(--ink)", shape: "circle" },
        incident: { colour: "var(--bad)", shape: "triangle-down" },
      }[row.kind] ?? { colour: "var(--soft)", shape: "square" }),
    }));
}

/** Month → the KPI's target for the model. */
export const targetsOf = (model, kpi) =>
  new Map(
    starts("month").map((start) => [start.slice(0, 7), cells().get(`${model}|${kpi}|month|${start}`)?.target ?? null]),
  );

/** The largest size of these fields. */
export const most = (list, ...names) =>
  list.reduce((top, row) => Math.max(top, ...names.map((name) => Math.abs(row[name] ?? 0))), 0);

/** A measure by day that is no KPI: one panel a model. */
export function dayFigure({ table, read, columns, describe, number: numbers, chart = "trend", ...rest }) {
  return figure({
    wide: true,
    chart,
    by: ["version"],
    columns: [["when", "Day"], ["model", "Model"], ...columns],
    ...rest,
    panels: () =>
      modelPanels((model) => {
        const filled = inWindow(rowsOf(table, model.model_id), "day")
          .map((row) => ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }))
          .filter((row) => row.rolling != null);
        return { rows: filled, events: eventsOf(model.model_id), number: numbers, rulers: rulersOf(filled, describe) };
      }),
  });
}

/** A heatmap's colour of a count, and of the text on it. */
export function shade(value, top) {
  if (!value) return { shade: "var(--shade-0)", text: "var(--soft)" };
  const step = Math.max(1, Math.min(4, Math.ceil((4 * value) / top)));
  return { shade: `var(--shade-${step})`, text: step >= 3 ? "var(--on-shade)" : "var(--ink)" };
}

/** One panel for all chosen models. */
export const onePanel = (filled, more) => [{ key: "all", rows: filled, ...more }];
export const partLegend = (parts) => parts.map((part, i) => [part, PART(i), "square"]);

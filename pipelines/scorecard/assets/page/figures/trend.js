// The figure every KPI has: the KPI by day.

import { firstDay, rowsOf, seriesOf } from "../data.js";
import { chartWindow, inWindow } from "../days.js";
import { figure, rulersOf } from "../figure.js";
import { state } from "../filters.js";
import { amount, amountOf, axisFormat, DAY, day, isMonthly, isoDay, periodName } from "../format.js";
import { EVENT_KEY, eventsOf, modelPanels, most, PERIOD_KEY, targetsOf } from "../panels.js";

/** KPIs whose axis need not begin at zero. */
const LEVELS = ["accuracy", "npv", "satisfaction"];

/** How many days before those that charts show the compared period lies; 0 if none is chosen. */
const shift = () => (state.against ? Math.round((+day(state.start) - +day(state.against)) / DAY) : 0);

function dailyRows(model, kpi) {
  const series = seriesOf("days", model.model_id, kpi.kpi_id);
  if (!series) return [];
  const [values, rolling] = series;
  const { from, to } = chartWindow();
  const targets = targetsOf(model.model_id, kpi.kpi_id);
  const filled = [];
  for (let at = from; at <= to; at += DAY) {
    const i = Math.round((at - firstDay()) / DAY);
    const when = isoDay(at);
    filled.push({
      day: at,
      when,
      model: model.model_name,
      value: values[i] ?? null,
      rolling: rolling[i] ?? null,
      before: shift() ? (rolling[i - shift()] ?? null) : null,
      target: targets.get(when.slice(0, 7)),
    });
  }
  return filled.some((row) => row.rolling != null) ? filled : [];
}

/** Users are distinct and means have intervals: what does not add up over days has a table of its own. */
const ROLLED = {
  feature_adoption: (model, kpi) => ({
    table: "adoption",
    select: (row) => row.adoption_28d_rate != null,
    read: (row) => ({
      value: row.adoption_1d_rate,
      rolling: row.adoption_28d_rate,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)),
    }),
  }),
  satisfaction: (model, kpi) => ({
    table: "satisfaction",
    select: (row) => row.satisfaction_28d != null,
    read: (row) => ({
      value: row.satisfaction,
      rolling: row.satisfaction_28d,
      low: row.satisfaction_28d_ci_low,
      high: row.satisfaction_28d_ci_high,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)),
    }),
  }),
};

function rolledRows(model, kpi) {
  const { table, select, read } = ROLLED[kpi.kpi_id](model, kpi);
  const all = rowsOf(table, model.model_id).filter(select);
  const known = new Map(all.map((row) => [row.day, row]));
  return inWindow(all, "day").map((row) => {
    const before = shift() ? known.get(isoDay(+day(row.day) - shift() * DAY)) : null;
    return {
      day: +day(row.day),
      when: row.day,
      model: model.model_name,
      before: before ? read(before).rolling : null,
      ...read(row),
    };
  });
}

export function trendFigure(kpi) {
  const words = kpi.rolling_days === 1 ? "as known that day" : `${kpi.rolling_days} days rolling`;
  const describe = (value) => amountOf(kpi, value);
  const written = (value) => amount(kpi, value);
  return figure({
    title: `${kpi.kpi_name} by day`,
    wide: true,
    how: `${kpi.unit}${isMonthly(kpi) ? ": a run rate, days scaled up to a month" : ""}`,
    chart: LEVELS.includes(kpi.kpi_id) ? "level" : "trend",
    by: ["version"],
    columns: [
      ["when", "Day"],
      ["model", "Model"],
      ...(kpi.has_single_days ? [["value", "That day", written]] : []),
      ["rolling", words[0].toUpperCase() + words.slice(1), written],
      ...(kpi.kpi_id === "satisfaction"
        ? [
            ["low", "From", written],
            ["high", "To", written],
          ]
        : []),
      ["target", "Target", written],
    ],
    legend: (panels) => [
      [words, "var(--accent)", "line"],
      ...(kpi.has_single_days ? [["single day", "var(--thin)", "thin"]] : []),
      ["target", "var(--ink)", "dash"],
      ...(state.against ? [[periodName(state.period, state.against), "var(--part-2)", "dash"]] : []),
      ...(panels.some((panel) => panel.rows.some((row) => row.low != null))
        ? [["95 % interval", "var(--accent)", "band"]]
        : []),
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    panels: () =>
      modelPanels((model) => {
        const filled = ROLLED[kpi.kpi_id] ? rolledRows(model, kpi) : dailyRows(model, kpi);
        return {
          rows: filled,
          events: eventsOf(model.model_id),
          number: axisFormat(kpi, most(filled, "rolling", "value")),
          rulers: rulersOf(filled, (row) =>
            [
              `${words}: ${describe(row.rolling)}`,
              row.value != null && `that day: ${describe(row.value)}`,
              row.low != null && `95 %: ${describe(row.low)} to ${describe(row.high)}`,
              row.before != null &&
                `${periodName(state.period, state.against)}, so many days in: ${describe(row.before)}`,
              row.target != null && `target: ${describe(row.target)}`,
            ]
              .filter(Boolean)
              .join("\n"),
          ),
        };
      }, kpi),
  });
}

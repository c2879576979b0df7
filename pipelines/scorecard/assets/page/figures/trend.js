// The figure every KPI has: the KPI by day.

import { content, firstDay, rowsOf } from "../data.js";
import { chartWindow, inWindow } from "../days.js";
import { figure, rulersOf } from "../figure.js";
import { amountOf, axisFormat, DAY, day, isoDay, ratio } from "../format.js";
import { EVENT_KEY, eventsOf, modelPanels, most, PERIOD_KEY, targetsOf } from "../panels.js";

/** How each KPI is read by day: over how many days, and whether a single day says anything. */
const DAILY = {
  throughput: { days: 7 },
  cost_per_prediction: { days: 7 },
  business_value: { days: 28 },
  accuracy: { days: 28, chart: "level" },
  deployment_cadence: { days: 28, bare: true },
  mttr: { days: 28, bare: true },
  drift_rate: { days: 28, bare: true },
  npv: { days: 1, bare: true, chart: "level", called: "as known that day" },
};

function dailyRows(model, kpi, { days, bare }) {
  const sums = content.cube.sums[model.model_id]?.[kpi.kpi_id];
  if (!sums) return [];
  const { from, to } = chartWindow();
  const targets = targetsOf(model.model_id, kpi.kpi_id);
  const filled = [];
  for (let at = from; at <= to; at += DAY) {
    const i = Math.round((at - firstDay()) / DAY);
    const when = isoDay(at);
    let n = 0;
    let d = 0;
    for (let j = Math.max(0, i - days + 1); j <= i; j++) {
      n += sums[0][j] ?? 0;
      d += sums[1][j] ?? 0;
    }
    filled.push({
      day: at,
      when,
      model: model.model_name,
      value: bare ? null : ratio(sums[0][i], sums[1][i]),
      rolling: d > 1e-9 ? n / d : null,
      target: targets.get(when.slice(0, 7)),
    });
  }
  return filled.some((row) => row.rolling != null) ? filled : [];
}

/** Users are distinct and means have intervals: what does not add up over days the mart has rolled already. */
const ROLLED = {
  feature_adoption: (model, kpi) => ({
    table: "adoption",
    chart: "trend",
    select: (row) => row.adoption_28d_rate != null,
    read: (row) => ({
      value: row.adoption_1d_rate,
      rolling: row.adoption_28d_rate,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)),
    }),
  }),
  satisfaction: (model, kpi) => ({
    table: "satisfaction",
    chart: "level",
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
  return inWindow(rowsOf(table, model.model_id), "day")
    .filter(select)
    .map((row) => ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }));
}

export function trendFigure(kpi) {
  const rolled = ROLLED[kpi.kpi_id];
  const { days, bare, chart, called } = rolled
    ? { days: 28, chart: rolled({}, kpi).chart }
    : (DAILY[kpi.kpi_id] ?? { days: 28 });
  const words = called ?? `${days} days rolling`;
  const describe = (value) => amountOf(kpi, value);
  return figure({
    title: `${kpi.kpi_name} by day`,
    wide: true,
    how: kpi.unit,
    chart: chart ?? "trend",
    by: ["version"],
    columns: [
      ["when", "Day"],
      ["model", "Model"],
      ...(bare ? [] : [["value", "That day"]]),
      ["rolling", words[0].toUpperCase() + words.slice(1)],
      ...(kpi.kpi_id === "satisfaction"
        ? [
            ["low", "From"],
            ["high", "To"],
          ]
        : []),
      ["target", "Target"],
    ],
    legend: (panels) => [
      [words, "var(--accent)", "line"],
      ...(bare ? [] : [["single day", "var(--thin)", "thin"]]),
      ["target", "var(--ink)", "dash"],
      ...(panels.some((panel) => panel.rows.some((row) => row.low != null))
        ? [["95 % interval", "var(--accent)", "band"]]
        : []),
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    panels: () =>
      modelPanels((model) => {
        const filled = rolled ? rolledRows(model, kpi) : dailyRows(model, kpi, { days, bare });
        return {
          rows: filled,
          events: eventsOf(model.model_id),
          number: axisFormat(kpi, most(filled, "rolling", "value")),
          rulers: rulersOf(filled, (row) =>
            [
              `${words}: ${describe(row.rolling)}`,
              row.value != null && `that day: ${describe(row.value)}`,
              row.low != null && `95 %: ${describe(row.low)} to ${describe(row.high)}`,
              row.target != null && `target: ${describe(row.target)}`,
            ]
              .filter(Boolean)
              .join("\n"),
          ),
        };
      }, kpi),
  });
}

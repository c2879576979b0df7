// A small company as `payload.py` packs it, for tests that need rows; each test says only what it is about.

import { setContent } from "../../pipelines/scorecard/assets/page/data.js";
import { readAddress } from "../../pipelines/scorecard/assets/page/filters.js";

export const THROUGHPUT = {
  kpi_id: "throughput",
  kpi_name: "Model throughput",
  kpi_group: "Productivity",
  unit: "predictions per hour",
};
export const MODELS = [
  { model_id: "alpha", model_name: "Alpha", business_unit: "retail", team_id: "one" },
  { model_id: "beta", model_name: "Beta", business_unit: "risk", team_id: "one" },
];

/** A cell of the scorecard: a model's KPI in a period. */
export const cell = (model, period, start, as_of, value, rest = {}) => ({
  model_id: model,
  kpi_id: "throughput",
  period,
  start,
  as_of,
  value,
  target: null,
  status: value == null ? "no_data" : "no_target",
  ...rest,
});

/** Two whole months, and two days of a third. */
export const CELLS = [
  cell("alpha", "month", "2026-01-01", "2026-01-31", 10),
  cell("alpha", "month", "2026-02-01", "2026-02-28", 20),
  cell("alpha", "month", "2026-03-01", "2026-03-02", 30, { is_whole: false }),
];

/** Have the page show these tables, of rows, at the address `hash`. */
export function show(tables, hash = "", series = {}) {
  const all = {
    kpis: [THROUGHPUT],
    models: MODELS,
    cells: CELLS,
    projects: [],
    versions: [],
    cohorts: [],
    costs: [],
    ...tables,
  };
  setContent({
    days: { start: "2026-01-01", length: 61, series: {} },
    weeks: { start: "2025-12-29", length: 9, series: {} },
    ...series,
    tables: Object.fromEntries(Object.entries(all).map(([name, rows]) => [name, columns(rows)])),
  });
  readAddress(hash);
}

/** Rows as columns: texts once each, as places in a list of them. */
function columns(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  return Object.fromEntries(names.map((name) => [name, packed(rows.map((row) => row[name] ?? null))]));
}

function packed(values) {
  if (!values.some((value) => typeof value === "string")) return values;
  const texts = [...new Set(values.filter((value) => value != null))];
  return { texts, places: values.map((value) => (value == null ? null : texts.indexOf(value))) };
}

// What the page carries, unpacked: tables as rows, series by day and week, lookups. What is chosen is in filters.js.

import { DAY, day } from "./format.js";

/** What `payload.py` packed: `tables`, series of `days` and `weeks`, `charts`, `company`, `made_at`. */
export let content;

const cache = new Map();

/** Make `given` what the page shows. */
export function setContent(given) {
  content = given;
  cache.clear();
}

/** The text that `payload.py` gzipped and wrote as base64. */
export function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // Uint8Array.from takes several times as long
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/** What `make` returns, computed once per `key`. */
export function cached(key, make) {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key);
}

/** A table's rows as objects. */
export const rows = (name) =>
  cached(`rows ${name}`, () => {
    const table = content.tables[name];
    const names = Object.keys(table);
    const columns = names.map((column) => table[column]);
    const read = columns.map((column) =>
      column.texts ? (i) => (column.places[i] == null ? null : column.texts[column.places[i]]) : (i) => column[i],
    );
    const length = columns.length ? (columns[0].places ?? columns[0]).length : 0;
    return Array.from({ length }, (_, i) => {
      const row = {};
      for (let c = 0; c < names.length; c++) row[names[c]] = read[c](i);
      return row;
    });
  });

/** Key → the rows of `list` that have it, both in their order. */
export function grouped(list, key) {
  const groups = new Map();
  for (const row of list) {
    const value = key(row);
    if (groups.has(value)) groups.get(value).push(row);
    else groups.set(value, [row]);
  }
  return groups;
}

/** The sum of a field over rows; one that is null counts nothing. */
export const sumOf = (list, field) => list.reduce((sum, row) => sum + (row[field] ?? 0), 0);

/** The rows of one model. */
export const rowsOf = (name, model) =>
  cached(`by model ${name}`, () => grouped(rows(name), (row) => row.model_id)).get(model) ?? [];

export const kpis = () => rows("kpis");
export const models = () => rows("models");
export const modelOf = (id) =>
  cached("models by id", () => new Map(models().map((model) => [model.model_id, model]))).get(id);
export const nameOf = (id) => modelOf(id)?.model_name ?? id;
export const kpiOf = (id) => kpis().find((kpi) => kpi.kpi_id === id);

/** The scorecard's cells by model, KPI, period and its start. */
export const cells = () =>
  cached(
    "cells",
    () => new Map(rows("cells").map((cell) => [`${cell.model_id}|${cell.kpi_id}|${cell.period}|${cell.start}`, cell])),
  );

/** Period → its starts in order, each with the last day known of it, how many numbers it has, and whether it is over. */
export const periods = () =>
  cached("periods", () => {
    const found = { week: new Map(), month: new Map(), quarter: new Map() };
    for (const { period, start, as_of, value, is_whole } of cells().values()) {
      const { end = as_of, measured = 0 } = found[period].get(start) ?? {};
      const known = measured + (value == null ? 0 : 1);
      found[period].set(start, { end: as_of > end ? as_of : end, measured: known, isWhole: Boolean(is_whole ?? true) });
    }
    return Object.fromEntries(Object.entries(found).map(([period, ends]) => [period, new Map([...ends].sort())]));
  });
export const starts = (period) => [...periods()[period].keys()];

/** What `content.days` or `content.weeks` hold of a model's KPI: a list for each measure. */
export const seriesOf = (name, model, kpi) => content[name].series[model]?.[kpi];

export const firstDay = () => cached("first day", () => (content.days.start ? +day(content.days.start) : 0));
export const lastDay = () => firstDay() + Math.max(0, content.days.length - 1) * DAY;

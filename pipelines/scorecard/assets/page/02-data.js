// What the page carries: packed tables, a cube of daily sums, and the pictures' specifications.

let data;

async function unpacked(id) {
  const text = atob(byId(id).textContent),
    bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  byId(id).remove();
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const made = new Map();

/** What `make` gives, made once. */
function once(key, make) {
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}

/** A table's rows as objects. */
const rows = (name) =>
  once(`rows ${name}`, () => {
    const table = data.tables[name],
      names = Object.keys(table);
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

function grouped(list, key) {
  const groups = new Map();
  for (const row of list) {
    const value = key(row);
    if (groups.has(value)) groups.get(value).push(row);
    else groups.set(value, [row]);
  }
  return groups;
}

const rowsOf = (name, model) =>
  once(`by model ${name}`, () => grouped(rows(name), (row) => row.model_id)).get(model) ?? [];
const kpis = () => rows("kpis");
const models = () => rows("models");
const modelOf = (id) => once("models by id", () => new Map(models().map((model) => [model.model_id, model]))).get(id);
const nameOf = (id) => modelOf(id)?.model_name ?? id;
const kpiOf = (id) => kpis().find((kpi) => kpi.kpi_id === id);

/** The scorecard's cells by model, KPI and period; a cell divides its two sums here, as every period does. */
const cells = () =>
  once(
    "cells",
    () =>
      new Map(
        rows("cells").map((cell) => {
          cell.value = ratio(cell.numerator, cell.denominator);
          return [`${cell.model_id}|${cell.kpi_id}|${cell.period}|${cell.start}`, cell];
        }),
      ),
  );

/** Period → its starts in order, each with the last day known of it and how many numbers it has. */
const periods = () =>
  once("periods", () => {
    const found = { week: new Map(), month: new Map(), quarter: new Map() };
    for (const { period, start, as_of, value } of cells().values()) {
      const { end = as_of, measured = 0 } = found[period].get(start) ?? {};
      found[period].set(start, { end: as_of > end ? as_of : end, measured: measured + (value != null) });
    }
    return Object.fromEntries(Object.entries(found).map(([period, ends]) => [period, new Map([...ends].sort())]));
  });
const starts = (period) => [...periods()[period].keys()];

const firstDay = () => once("first day", () => (data.cube.start ? +day(data.cube.start) : 0));
const lastDay = () => firstDay() + Math.max(0, data.cube.days - 1) * DAY;

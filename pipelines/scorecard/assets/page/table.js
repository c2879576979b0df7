// A figure's rows as an HTML table and as CSV, searched and sorted; which rows, and how many, is for figure.js to say.

import { h, tag } from "./dom.js";
import { tabled } from "./format.js";

/**
 * `rows` under `columns`, each `[field, label, how]`: `how` writes a number, or maps a text to the kind of its tag.
 * A click on a heading calls `sortBy(field)`; `sorted` is `{field, down}`, or null in the order of the figure.
 */
export function tableOf(columns, rows, sorted, sortBy) {
  const numbers = new Set(
    columns.map(([name]) => name).filter((name) => rows.some((row) => typeof row[name] === "number")),
  );
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map(([name, label]) =>
          h(
            "th",
            {
              scope: "col",
              class: numbers.has(name) ? "number" : null,
              "aria-sort": sorted?.field === name ? (sorted.down ? "descending" : "ascending") : null,
            },
            h("button", { type: "button", class: "sort", onclick: () => sortBy(name) }, label),
          ),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          {},
          columns.map(([name, label, how]) =>
            row[name] == null && numbers.has(name)
              ? h("td", { "data-label": label, class: "number" }, "–")
              : dataCell(row, name, label, how),
          ),
        ),
      ),
    ),
  );
}

const LONG = 90; // letters from which a text gets a column of some width

/** A cell; on a phone, where rows are cards, it bears the column's name. `row.links` has addresses by field. */
function dataCell(row, name, label, how) {
  const value = row[name];
  const cell = { "data-label": label };
  if (how && value != null && !(how instanceof Function)) return h("td", cell, tag(value, how[value] ?? "idle"));
  if (typeof value === "number") return h("td", { ...cell, class: "number" }, (how ?? tabled)(value));
  const text = `${value ?? "–"}`;
  const link = row.links?.[name];
  const [before, after] = text.split("@"); // an address may break there, so that it widens no table
  const shown = after && !text.includes(" ") ? [`${before}@`, h("wbr"), after] : text;
  return h(
    "td",
    { ...cell, class: /^\d{4}-\d\d/.test(value) ? "day" : text.length > LONG ? "long" : null },
    link ? h("a", link.startsWith("#") ? { href: link } : { href: link, rel: "noopener noreferrer" }, text) : shown,
  );
}

/** The columns in which any of `rows` has something. */
export const filledColumns = (columns, rows) =>
  columns.filter(([name]) => rows.some((row) => (row[name] ?? "") !== ""));

/** The rows in which any column has `query`, whatever its case, in the order of `sorted`; what is missing comes last. */
export function arranged(columns, rows, query, sorted) {
  const wanted = query.trim().toLowerCase();
  const found = wanted
    ? rows.filter((row) => columns.some(([name]) => `${row[name] ?? ""}`.toLowerCase().includes(wanted)))
    : rows;
  if (!sorted) return found;
  const { field, down } = sorted;
  return [...found].sort((a, b) => {
    if (a[field] == null || b[field] == null) return (a[field] == null) - (b[field] == null);
    return (down ? -1 : 1) * compared(a[field], b[field]);
  });
}

const compared = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : `${a}`.localeCompare(`${b}`, "en", { numeric: true });

/** `rows` as CSV; a text that a spreadsheet would run as a formula gets an apostrophe. */
export const csv = (columns, rows) =>
  [columns.map(([, label]) => label), ...rows.map((row) => columns.map(([name]) => row[name]))]
    .map((line) => line.map(csvField).join(","))
    .join("\r\n");

function csvField(value) {
  const text = value == null ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== "number" ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

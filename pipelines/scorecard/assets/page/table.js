// A figure's rows as an HTML table and as CSV; which rows, and how many, is for figure.js to say.

import { h, tag } from "./dom.js";
import { exact } from "./format.js";

/** `rows` under `columns`, each `[field, label, how]`: `how` writes a number, or maps a text to the kind of its tag. */
export const tableOf = (columns, rows) =>
  h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map(([name, label]) =>
          h("th", { scope: "col", class: typeof rows[0][name] === "number" ? "number" : null }, label),
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
          columns.map(([name, , how]) => dataCell(row[name], how)),
        ),
      ),
    ),
  );

function dataCell(value, how) {
  if (how && value != null && !(how instanceof Function)) return h("td", {}, tag(value, how[value] ?? "idle"));
  if (typeof value === "number") return h("td", { class: "number" }, (how ?? exact)(value));
  return h("td", { class: /^\d{4}-\d\d/.test(value) ? "day" : null }, value ?? "–");
}

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

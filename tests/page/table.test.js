import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, filledColumns } from "../../pipelines/scorecard/assets/page/table.js";

const COLUMNS = [
  ["name", "Model"],
  ["value", "Value, USD"],
];
const line = (name, value) =>
  csv(COLUMNS, [{ name, value, other: "not a column" }])
    .split("\r\n")
    .slice(1)
    .join("\r\n");

test("a file has a heading, and fields in the columns' order", () => {
  assert.equal(csv(COLUMNS, [{ value: 1.5, name: "a" }]), 'Model,"Value, USD"\r\na,1.5');
});

for (const [text, wanted] of [
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["@cmd", "'@cmd"],
  ["-a", "'-a"],
  ['say "hi", you', '"say ""hi"", you"'],
  ["two\nlines", '"two\nlines"'],
  [null, ""],
])
  test(`the text ${JSON.stringify(text)} becomes ${JSON.stringify(wanted)}`, () => {
    assert.equal(line(text, 1), `${wanted},1`);
  });

test("a negative number stays a number", () => {
  assert.equal(line("a", -2), "a,-2");
});

test("a column in which no row has anything is not shown; a zero is something", () => {
  const columns = [["name"], ["count"], ["signs"]];
  const rows = [
    { name: "a", count: 0, signs: null },
    { name: "", count: 0, signs: "" },
  ];
  assert.deepEqual(filledColumns(columns, rows), [["name"], ["count"]]);
});

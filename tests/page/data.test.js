import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  cells,
  grouped,
  nameOf,
  periods,
  rows,
  rowsOf,
  sumOf,
  unpack,
} from "../../pipelines/scorecard/assets/page/data.js";
import { show } from "./content.js";

test("what was gzipped and written as base64 is unpacked, beyond ASCII too", async () => {
  assert.equal(await unpack(gzipSync("−$1.2 m · β").toString("base64")), "−$1.2 m · β");
});

test("a table's columns are read as rows, texts by their place", () => {
  show({
    notes: [
      { model_id: "alpha", text: null },
      { model_id: "beta", text: "slow" },
    ],
  });
  assert.deepEqual(rows("notes"), [
    { model_id: "alpha", text: null },
    { model_id: "beta", text: "slow" },
  ]);
  assert.deepEqual(rowsOf("notes", "beta"), [{ model_id: "beta", text: "slow" }]);
  assert.deepEqual(rowsOf("notes", "nobody"), []);
});

test("a table without columns has no rows", () => {
  show({ notes: [] });
  assert.deepEqual(rows("notes"), []);
});

test("groups keep their order and that of their rows", () => {
  assert.deepEqual(
    [...grouped([3, 1, 2, 5], (number) => number % 2)],
    [
      [1, [3, 1, 5]],
      [0, [2]],
    ],
  );
});

test("a sum passes over what is null", () => {
  assert.equal(sumOf([{ a: 1 }, { a: null }, { a: 0.5 }], "a"), 1.5);
  assert.equal(sumOf([], "a"), 0);
});

test("a model is called by its name, an unknown one by its id", () => {
  show({});
  assert.deepEqual(["alpha", "gone"].map(nameOf), ["Alpha", "gone"]);
});

test("a cell is found by model, KPI, period and start", () => {
  show({});
  assert.equal(cells().get("alpha|throughput|month|2026-02-01").value, 20);
});

test("a period ends with the last day known of it, in any model", () => {
  show({});
  assert.deepEqual(
    [...periods().month],
    [
      ["2026-01-01", { end: "2026-01-31", measured: 1, isWhole: true }],
      ["2026-02-01", { end: "2026-02-28", measured: 1, isWhole: true }],
      ["2026-03-01", { end: "2026-03-02", measured: 1, isWhole: false }],
    ],
  );
  assert.equal(periods().week.size, 0);
});

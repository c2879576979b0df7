import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence, weeklyValues } from "../../pipelines/scorecard/assets/page/scorecard.js";
import { cell, show, THROUGHPUT } from "./content.js";

/** The sentence over cells of January and February, each `[model, value before, value, rest]`. */
function reads(cells) {
  const both = cells.flatMap(([model, before, value, rest]) => [
    cell(model, "month", "2026-01-01", "2026-01-31", before),
    cell(model, "month", "2026-02-01", "2026-02-28", value, rest),
  ]);
  show({ cells: both }, "#start=2026-02-01");
  return sentence(THROUGHPUT);
}
const target = (status) => ({ target: 100, status });

test("without a value the sentence says so", () => {
  assert.equal(reads([["alpha", 1, null]]), "No value in February 2026.");
});

test("one model is named, with its status and target", () => {
  assert.equal(reads([["alpha", null, 120, target("on_target")]]), "Alpha: 120/h in February 2026, on target (100/h).");
});

test("several models are counted among those with a target, and the one furthest off is named", () => {
  assert.equal(
    reads([
      ["alpha", null, 40, target("off_target")],
      ["beta", null, 90, target("off_target")],
    ]),
    "0 of 2 models with a target met it in February 2026. Furthest off: Alpha, 40/h against 100/h.",
  );
});

test("models without any target are counted as measured", () => {
  assert.equal(
    reads([
      ["alpha", null, 1],
      ["beta", null, 2],
    ]),
    "2 models measured in February 2026, none with a target.",
  );
});

test("of changes that are none by chance the largest is named, by its ratio", () => {
  assert.equal(
    reads([
      ["alpha", 1000, 1500, { trend: "improving" }],
      ["beta", 1, 2, { trend: "worsening" }],
    ]),
    "2 models measured in February 2026, none with a target. Largest change: Beta, from 1/h to 2/h, worse.",
  );
  assert.doesNotMatch(reads([["alpha", 1000, 1010, { trend: "steady" }]]), /Largest/);
});

test("a line of weeks has whole weeks alone, thirteen at most", () => {
  const weeks = (start, length) => ({
    weeks: { start, length, series: { alpha: { throughput: [Array.from({ length }, (_, i) => i)] } } },
  });
  show({}, "", weeks("2025-12-29", 10)); // begins before the first day known, ends after the window does
  assert.deepEqual(weeklyValues("alpha", "throughput"), [1, 2, 3, 4, 5, 6, 7]);
  show({}, "", { days: { start: "2025-09-01", length: 183, series: {} }, ...weeks("2025-09-01", 27) });
  assert.equal(weeklyValues("alpha", "throughput").length, 13);
  assert.equal(weeklyValues("alpha", "throughput").at(-1), 24);
  assert.deepEqual(weeklyValues("beta", "throughput"), []);
});

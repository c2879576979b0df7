import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict, whatIf } from "../../pipelines/scorecard/assets/page/verdict.js";

const CASES = [
  ["no verdict without a full cost", { fullCost: null }, null],
  ["an experiment where the value has no ends", { low: null }, "experiment"],
  ["retire where even the upper end does not pay what retiring saves", { low: 10, high: 59 }, "retire"],
  ["fix where the upper end pays the running but not the investment", { low: 10, high: 99 }, "fix"],
  ["an experiment where the interval straddles the cost", { low: 100, high: 150 }, "experiment"],
  ["fix where it pays and something is breached", { isBreached: true }, "fix"],
  ["scale where it pays and nothing is breached", {}, "scale"],
];
for (const [name, given, wanted] of CASES)
  test(name, () => {
    const base = { low: 101, high: 200, fullCost: 100, avoidableCost: 60, isBreached: false };
    assert.equal(verdict({ ...base, ...given }), wanted);
  });

const ROW = {
  value_usd: 150,
  value_low_usd: 120,
  value_high_usd: 180,
  full_cost_usd: 100,
  avoidable_cost_usd: 60,
  compute_cost_usd: 40,
  is_breached: 0,
};

test("more volume brings more value and more serving cost, and no other cost", () => {
  const { value, low, high, fullCost, net } = whatIf(ROW, { volume: 2 });
  assert.deepEqual([value, low, high, fullCost, net], [300, 240, 360, 140, 160]);
});

test("a negative effect turns the ends of the value around", () => {
  const { low, high, verdict: said } = whatIf(ROW, { effect: -1 });
  assert.deepEqual([low, high, said], [-180, -120, "retire"]);
});

test("a higher unit value moves the verdict one way only", () => {
  const order = ["retire", "fix", "experiment", "scale"];
  const seen = [0.1, 0.4, 0.7, 0.9, 1, 2].map((unitValue) => order.indexOf(whatIf(ROW, { unitValue }).verdict));
  assert.deepEqual(seen, seen.toSorted());
  assert.ok(new Set(seen).size === 4);
});

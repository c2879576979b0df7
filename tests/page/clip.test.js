import assert from "node:assert/strict";
import { test } from "node:test";
import { edged, reachOf } from "../../pipelines/scorecard/assets/page/clip.js";

const row = (value, low = value - 0.05, high = value + 0.05) => ({ value, low, high, shape: "circle" });
const plain = [row(0.1), row(-0.1), row(0.2), row(0.15)];
const write = (value) => `${Math.round(100 * value)} %`;

test("estimates of like size share the axis", () => {
  assert.equal(reachOf(plain), null);
  assert.equal(reachOf([]), null);
});

test("one that reaches three times as far as most does not widen the axis", () => {
  const [low, high] = reachOf([...plain, row(0.9, 0.4, 1.4)]);
  assert.ok(Math.abs(low + 0.165) < 1e-9);
  assert.ok(Math.abs(high - 0.275) < 1e-9);
});

test("where no two are alike all are shown", () => {
  assert.equal(reachOf([row(1), row(10), row(100)]), null);
});

test("what lies beyond is written at its edge, with an arrow and a shape that points there", () => {
  const right = edged(row(0.9, 0.4, 1.4), [-0.2, 0.3], write);
  assert.deepEqual([right.over, right.under, right.shape], ["90 % →", null, "triangle-right"]);
  const left = edged(row(-0.9, -1.4, 0), [-0.2, 0.3], write);
  assert.deepEqual([left.over, left.under, left.shape], [null, "← -90 %", "triangle-left"]);
});

test("of one of which only an end lies beyond, value and end are written", () => {
  const wide = edged(row(0.1, 0, 1.4), [-0.2, 0.3], write);
  assert.deepEqual([wide.over, wide.shape], ["10 %, to 140 % →", "circle"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bySeverity, costParts, waterfall } from "../../pipelines/scorecard/assets/page/figures/efficiency.js";
import { readAddress } from "../../pipelines/scorecard/assets/page/filters.js";
import { show } from "./content.js";

const cost = (model_id, week, instance_type, compute_cost_usd, prediction_count) => ({
  model_id,
  week,
  instance_type,
  compute_cost_usd,
  prediction_count,
});
const COSTS = [
  cost("alpha", "2026-02-02", "small", 10, 100),
  cost("beta", "2026-02-02", "small", 20, 500),
  cost("beta", "2026-02-02", "large", 70, null),
  cost("beta", "2026-02-09", "small", 0, 40),
];
const read = (value) => costParts(value).map((row) => [row.at, row.part, row.cost, row.predictions, row.each]);

test("cost and predictions of the chosen models are added up by week and instance type, then divided", () => {
  show({ costs: COSTS });
  assert.deepEqual(read("each"), [["2026-02-02", "small", 30, 600, 0.05]]);
  assert.deepEqual(read("cost"), [
    ["2026-02-02", "large", 70, 0, null],
    ["2026-02-02", "small", 30, 600, 0.05],
  ]);
  readAddress("#model=alpha");
  assert.deepEqual(read("cost"), [["2026-02-02", "small", 10, 100, 0.1]]);
});

test("the dearest instance type has the first colour, in every week", () => {
  show({ costs: COSTS });
  assert.deepEqual(
    costParts("cost").map((row) => row.colour),
    ["var(--part-1)", "var(--part-2)"],
  );
});

const variance = (model_id, month, is_whole, before, volume, mix, price) => ({
  model_id,
  month,
  is_whole,
  previous_cost_usd: before,
  volume_effect_usd: volume,
  mix_effect_usd: mix,
  price_effect_usd: price,
  compute_cost_usd: before + volume + mix + price,
});

test("a waterfall goes from the month before to the newest whole month, over the chosen models", () => {
  show({
    variance: [
      variance("alpha", "2026-01-01", 1, 9, 9, 9, 9),
      variance("alpha", "2026-02-01", 1, 100, 30, -10, 5),
      variance("beta", "2026-02-01", 1, 200, -50, 0, 5),
      variance("alpha", "2026-03-01", 0, 1, 1, 1, 1),
    ],
  });
  assert.deepEqual(
    waterfall().map((row) => [row.month, row.step, row.from, row.to, row.amount, row.label]),
    [
      ["2026-02", "Before", 0, 300, 300, "$300"],
      ["2026-02", "Volume", 300, 280, -20, "−$20"],
      ["2026-02", "Mix", 280, 270, -10, "−$10"],
      ["2026-02", "Price", 270, 280, 10, "+$10"],
      ["2026-02", "After", 0, 280, 280, "$280"],
    ],
  );
});

test("without a whole month there is no waterfall", () => {
  show({ variance: [variance("alpha", "2026-02-01", 0, 1, 1, 1, 1)] });
  assert.deepEqual(waterfall(), []);
});

test("severities stand in their order though the first model lacks the highest, and no table lists what is missing", () => {
  const rows = [
    { model: "alpha", part: "P2" },
    { model: "alpha", part: "P3" },
    { model: "beta", part: "P1" },
  ];
  show({ repairs: ["P2", "P3", "P4", "P1"].map((severity) => ({ severity })) });
  const filled = bySeverity(rows, "model", () => ({ label: "" }));
  assert.deepEqual(
    filled.map((row) => [row.model, row.part, row.unlisted ?? false]),
    [
      ["alpha", "P1", true],
      ["alpha", "P2", false],
      ["alpha", "P3", false],
      ["beta", "P1", false],
      ["beta", "P2", true],
      ["beta", "P3", true],
    ],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { chartWindow, inWindow, recentMonths, shownWeeks } from "../../pipelines/scorecard/assets/page/days.js";
import { day, isoDay } from "../../pipelines/scorecard/assets/page/format.js";
import { show } from "./content.js";

const ends = () => [chartWindow().from, chartWindow().to].map(isoDay);

for (const [hash, wanted] of [
  ["", ["2026-01-01", "2026-02-28"]], // 13 weeks would begin before the first day known
  ["#days=28", ["2026-02-01", "2026-02-28"]],
  ["#days=period&start=2026-01-01", ["2026-01-01", "2026-01-31"]],
  ["#days=all&start=2026-03-01", ["2026-01-01", "2026-03-02"]],
])
  test(`charts at ${hash || "#"} show ${wanted.join(" to ")}`, () => {
    show({}, hash);
    assert.deepEqual(ends(), wanted);
  });

test("a version's charts show the days it served", () => {
  const versions = [
    { model_id: "alpha", model_version: "v1", first_served_date: "2026-01-10", last_served_date: "2026-02-05" },
  ];
  show({ versions }, "#model=alpha&version=v1");
  assert.deepEqual(ends(), ["2026-01-10", "2026-02-05"]);
});

test("the chosen period is shaded to the end of its last day", () => {
  show({}, "#days=28");
  assert.deepEqual(chartWindow().period, { from: +day("2026-02-01"), to: +day("2026-03-01") });
});

test("a row is shown where any of its days is", () => {
  show({}, "#days=28");
  const rows = ["2026-01-25", "2026-01-26", "2026-02-28", "2026-03-01", null].map((week) => ({ week }));
  assert.deepEqual(
    inWindow(rows, "week", 7).map((row) => row.week),
    ["2026-01-26", "2026-02-28"],
  );
  assert.deepEqual(inWindow([{ at: "2026-02-28T23:59Z" }, { at: "2026-03-01T00:00Z" }], "at").length, 1);
});

test("months are shown up to thirteen, whatever days charts show", () => {
  show({}, "#days=28");
  const months = ["2025-01-01", "2025-02-01", "2026-02-01", "2026-03-01"].map((month) => ({ month }));
  assert.deepEqual(
    recentMonths(months).map((row) => row.month),
    ["2025-02-01", "2026-02-01"],
  );
});

test("weeks begin with the Monday before the first day shown", () => {
  show({}, "#days=28");
  assert.deepEqual(shownWeeks(), ["2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"]);
});

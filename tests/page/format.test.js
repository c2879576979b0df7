import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../pipelines/scorecard/assets/page/format.js";

/** A test for each line of `[what is written, how it reads]`. */
function reads(about, write, lines) {
  for (const [given, wanted] of lines)
    test(`${about}: ${JSON.stringify(given)} reads ${wanted}`, () => {
      assert.equal(write(...[given].flat()), wanted);
    });
}

const kpi = (unit) => ({ unit });

reads("a number", format.number, [
  [null, "–"],
  [0, "0"],
  [0.123456, "0.123"],
  [999.4, "999"],
  [1234.5, "1,235"],
  [999_999, "999,999"],
  [1_234_567, "1.23 m"],
  [-2_500_000_000, "−2.5 bn"],
  [[2.34567, 4], "2.346"],
]);
reads("a number of a table", format.tabled, [
  [null, "–"],
  [23.358, "23.4"],
  [12345.678, "12,346"],
  [1234567.8, "1,234,568"],
  [4.5519, "4.55"],
  [-0.000012345678, "−0.0000123"],
]);
reads("a share", format.share, [
  [null, "–"],
  [0.9314, "93.1 %"],
  [-0.5, "−50 %"],
  [0.9995, "99.95 %"],
  [0.99961, "99.96 %"],
  [0.996, "99.6 %"],
  [1, "100 %"],
]);
reads("money", format.money, [
  [null, "–"],
  [1234, "$1,234"],
  [-1_200_000, "−$1.2 m"],
]);
reads("a change", format.change, [
  [0.1, "+10 %"],
  [-0.1, "−10 %"],
  [0, "0 %"],
]);
reads("a duration", format.duration, [
  [4.5519, "4.55 h"],
  [47.9, "47.9 h"],
  [72, "3 d"],
]);
reads("a noun", format.withArticle, [
  ["agent", "an agent"],
  ["decision system", "a decision system"],
]);
reads("a count", format.plural, [
  [[1, "model"], "1 model"],
  [[0, "model"], "0 models"],
  [[1200, "criterion", "criteria"], "1,200 criteria"],
]);
reads("an amount", format.amountOf, [
  [[kpi("share of users"), 0.25], "25 %"],
  [[kpi("USD a month"), 64_650], "$64,650/month"],
  [[kpi("USD per prediction"), 0.00123], "$0.00123"],
  [[kpi("predictions per hour"), 1200], "1,200/h"],
  [[kpi("hours"), 4.5519], "4.55 h"],
  [[kpi("hours"), null], "–"],
]);
reads("an axis", format.axisFormat, [
  [[kpi("share"), 0.9], ".0%"],
  [[kpi("share"), 0.03], ".1%"],
  [[kpi("USD"), 2000], "$~s"],
  [[kpi("hours"), 20], "~r"],
]);
reads("a period", format.periodName, [
  [["month", ""], "no period"],
  [["quarter", "2026-10-01"], "Q4 2026"],
  [["month", "2026-02-01"], "February 2026"],
  [["week", "2026-02-16"], "the week of 16 February 2026"],
]);
reads("a day", format.longDay, [
  [null, "–"],
  ["2026-03-01T23:59Z", "1 March 2026"],
]);
reads("the Monday of a day", (text) => format.isoDay(format.monday(format.day(text))), [
  ["2026-03-01", "2026-02-23"],
  ["2026-03-02", "2026-03-02"],
]);
reads("a ratio", format.ratio, [
  [[1, 4], 0.25],
  [[0, 4], 0],
  [[1, 0], null],
  [[null, 4], null],
  [[1, null], null],
]);

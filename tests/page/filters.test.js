import assert from "node:assert/strict";
import { test } from "node:test";
import {
  address,
  cellOf,
  chosenModels,
  OFFERS,
  previousValue,
  projectRows,
  readAddress,
  state,
} from "../../pipelines/scorecard/assets/page/filters.js";
import { CELLS, cell, show } from "./content.js";

const shown = () => chosenModels().map((model) => model.model_id);
const PROJECTS = [
  { project_id: "p", project_name: "Plan", model_ids: "beta" },
  { project_id: "q", project_name: "Quest", model_ids: null },
];

test("the page opens with the newest month that is over", () => {
  show({});
  assert.equal(state.start, "2026-02-01");
});

test("a month that was hardly measured is passed over, however whole it is", () => {
  const full = ["a", "b", "c"].map((model) => cell(model, "month", "2026-01-01", "2026-01-31", 1));
  show({ cells: [...full, cell("a", "month", "2026-02-01", "2026-02-28", 1)] });
  assert.equal(state.start, "2026-01-01");
});

test("where no period is over, the newest one is shown", () => {
  show({ cells: CELLS.slice(2) });
  assert.equal(state.start, "2026-03-01");
});

test("the value before is the one of the period before, and none before the first", () => {
  show({}, "#start=2026-01-01");
  assert.equal(previousValue(cellOf("alpha", "throughput")), null);
  readAddress("#start=2026-02-01");
  assert.equal(previousValue(cellOf("alpha", "throughput")), 10);
});

test("without data there is no period", () => {
  show({ models: [], cells: [] });
  assert.equal(state.start, "");
  assert.deepEqual(shown(), []);
});

test("an address chooses, and the choice gives that address", () => {
  const hash = "#start=2026-01-01&days=28&team=one&model=beta";
  show({}, hash);
  assert.deepEqual(shown(), ["beta"]);
  assert.equal(address({}), hash);
});

test("defaults stand in no address", () => {
  show({}, "#period=month&days=91&start=2026-02-01");
  assert.equal(address({}), "#");
  assert.equal(address({ model: "alpha" }), "#model=alpha");
});

test("what an address names and nobody knows is as if not named", () => {
  show({}, "#period=year&start=2020-01-01&days=7&model=nobody&version=v9&project=none&cohort=x&instance=y");
  assert.equal(address({}), "#");
  assert.deepEqual(shown(), ["alpha", "beta"]);
});

for (const [hash, wanted] of [
  ["#unit=risk", ["beta"]],
  ["#team=one", ["alpha", "beta"]],
  ["#team=one&unit=retail", ["alpha"]],
  ["#project=p", ["beta"]],
])
  test(`${hash} chooses ${wanted}`, () => {
    show({ projects: PROJECTS }, hash);
    assert.deepEqual(shown(), wanted);
  });

test("a project without models is everybody's, and no one model's", () => {
  show({ projects: PROJECTS });
  const ids = () => projectRows("projects").map((row) => row.project_id);
  assert.deepEqual(ids(), ["p", "q"]);
  readAddress("#model=beta");
  assert.deepEqual(ids(), ["p"]);
  readAddress("#model=alpha");
  assert.deepEqual(ids(), []);
});

test("versions are offered of one model, newest first", () => {
  const versions = ["v1", "v1", "v2"].map((model_version) => ({ model_id: "alpha", model_version }));
  show({ versions });
  assert.deepEqual(OFFERS.version(), []);
  readAddress("#model=alpha");
  assert.deepEqual(OFFERS.version(), ["v2", "v1"]);
});

test("cohorts are offered by name, the whole as all users", () => {
  const cohorts = [
    ["all", "all"],
    ["site", "north"],
  ].map(([cohort_attribute, cohort_value]) => ({
    model_id: "alpha",
    cohort_attribute,
    cohort_value,
  }));
  show({ cohorts });
  assert.deepEqual(OFFERS.cohort(), ["All users", "site: north"]);
});

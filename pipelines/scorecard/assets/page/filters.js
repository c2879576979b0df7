// What is chosen, and the address that says so: every choice is a link. Which days charts show is in days.js.

import { cached, cells, modelOf, models, periods, rows, rowsOf, starts } from "./data.js";
import { DAY, day, periodName } from "./format.js";
import { isShown, VIEWS, viewOf } from "./views.js";

export const DEFAULTS = {
  view: "",
  period: "month",
  start: "",
  against: "",
  days: "91",
  unit: "",
  team: "",
  model: "",
  version: "",
  cohort: "",
  instance: "",
  project: "",
  whatif: "",
  at: "",
};
export const state = { ...DEFAULTS };
export const SPANS = { period: "The chosen period", 28: "4 weeks", 91: "13 weeks", 364: "52 weeks", all: "All days" };
export const FILTER_LABELS = {
  unit: "Business unit",
  team: "Team",
  model: "Model",
  version: "Version",
  cohort: "Cohort",
  instance: "Instance type",
  project: "Project",
};

let chosen = [];
export const chosenModels = () => chosen;
/** The rows of the chosen models. */
export const chosenRows = (name) => chosen.flatMap((model) => rowsOf(name, model.model_id));
export const isOne = () => chosen.length === 1;

export const projects = () => cached("projects", () => new Map(rows("projects").map((row) => [row.project_id, row])));
export const modelIdsOf = (project) => (project.model_ids ?? "").split(",").filter(Boolean);
/** Rows of the projects that any chosen model is part of; a project without models belongs to everybody. */
export function projectRows(name) {
  const ids = new Set(chosen.map((model) => model.model_id));
  const all = ids.size === models().length;
  return rows(name).filter(({ project_id }) =>
    state.project
      ? project_id === state.project
      : all || modelIdsOf(projects().get(project_id) ?? {}).some((id) => ids.has(id)),
  );
}

export const cellOf = (model, kpi, start = state.start) => cells().get(`${model}|${kpi}|${state.period}|${start}`);
/** The value of the period before that of `cell`. */
export function previousValue(cell) {
  const list = starts(state.period);
  const before = list[list.indexOf(cell.start) - 1];
  return before ? (cellOf(cell.model_id, cell.kpi_id, before)?.value ?? null) : null;
}

/** The chosen period in words; of one in progress, that it is. */
export const chosenPeriod = () =>
  `${periodName(state.period, state.start)}${periods()[state.period].get(state.start)?.isWhole === false ? ", so far" : ""}`;

export const cohortName = (row) =>
  row.cohort_attribute === "all" ? "All users" : `${row.cohort_attribute}: ${row.cohort_value}`;
export const distinct = (values) => [...new Set(values.filter((value) => value != null && value !== ""))].sort();

/** The cell of the period to compare with, if one is chosen. */
export const comparedCell = (cell) =>
  state.against ? (cellOf(cell.model_id, cell.kpi_id, state.against) ?? null) : null;

/** What a filter offers among the chosen models. */
export const OFFERS = {
  against: () =>
    starts(state.period)
      .filter((start) => start !== state.start)
      .reverse()
      .map((start) => [start, periodName(state.period, start)]),
  unit: () => distinct(models().map((model) => model.business_unit)),
  team: () => distinct(models().map((model) => model.team_id)),
  model: () => models().map((model) => [model.model_id, model.model_name]),
  version: () => (isOne() ? [...new Set(chosenRows("versions").map((row) => row.model_version))].reverse() : []),
  cohort: () => distinct(chosenRows("cohorts").map(cohortName)),
  instance: () => distinct(chosenRows("costs").map((row) => row.instance_type)),
  project: () => [...projects().values()].map((project) => [project.project_id, project.project_name]),
};

/** The newest period that is over; the newest of all if none is, or if those were hardly measured yet. */
function newestWholeStart(period) {
  const over = {
    week: (date) => +date + 7 * DAY,
    month: (date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1),
    quarter: (date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 3),
  }[period];
  const all = [...periods()[period]];
  const full = Math.max(0, ...all.map(([, { measured }]) => measured)) / 2;
  const list = all.filter(([, { measured }]) => measured >= full);
  return (list.findLast(([start, { end }]) => over(day(start)) - DAY <= +day(end)) ?? list.at(-1) ?? [""])[0];
}

function filterModels() {
  const project = projects().get(state.project);
  const members = project && modelIdsOf(project);
  chosen = models().filter(
    (model) =>
      (!state.unit || model.business_unit === state.unit) &&
      (!state.team || model.team_id === state.team) &&
      (!state.model || model.model_id === state.model) &&
      (!members || members.includes(model.model_id)),
  );
}

/** The view that is shown: the one in the address, else the one of what the address names, else home. */
export function currentView() {
  if (state.view && (!state.at || isShown(state.view, state.at))) return state.view;
  if (state.at) return viewOf(state.at);
  return state.project ? "project" : state.model ? "model" : "home";
}

/** Set `state` from the address's `hash`; a choice that does not exist is left at its default. */
export function readAddress(hash) {
  const given = new URLSearchParams(hash.slice(1));
  for (const name of Object.keys(DEFAULTS)) state[name] = given.get(name) ?? DEFAULTS[name];
  if (!(state.view in VIEWS)) state.view = DEFAULTS.view;
  if (!(state.period in periods())) state.period = DEFAULTS.period;
  if (!(state.days in SPANS)) state.days = DEFAULTS.days;
  if (!periods()[state.period].has(state.start)) state.start = newestWholeStart(state.period);
  if (state.against === state.start || !periods()[state.period].has(state.against)) state.against = "";
  if (!modelOf(state.model)) state.model = "";
  if (!projects().has(state.project)) state.project = "";
  filterModels();
  for (const name of ["version", "cohort", "instance"]) if (!OFFERS[name]().includes(state[name])) state[name] = "";
}

/** The address of the current choice with `changes`; defaults are left out. */
export function address(changes) {
  const view = currentView();
  // Without its section an address would mean another view.
  const kept = state.at && view !== "home" ? view : state.view;
  const wanted = { ...state, at: "", view: kept, ...changes };
  if (changes.at && !("view" in changes) && !(kept && isShown(kept, changes.at))) wanted.view = "";
  return `#${new URLSearchParams(
    Object.entries(wanted).filter(
      ([name, value]) =>
        value && value !== DEFAULTS[name] && !(name === "start" && value === newestWholeStart(wanted.period)),
    ),
  )}`;
}

/** Choose `changes`: a new address, or the same one shown again. */
export function navigate(changes) {
  const target = address(changes);
  if (target === (location.hash || "#")) dispatchEvent(new Event("hashchange"));
  else location.hash = target;
}

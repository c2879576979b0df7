// What is chosen, and the address that says so: every choice is a link.

const DEFAULTS = {
  period: "month",
  start: "",
  days: "91",
  unit: "",
  team: "",
  model: "",
  version: "",
  cohort: "",
  instance: "",
  project: "",
  at: "",
};
const state = { ...DEFAULTS };
const SPANS = { period: "The chosen period", 28: "4 weeks", 91: "13 weeks", 364: "52 weeks", all: "All days" };
const CALLED = {
  unit: "Unit",
  team: "Team",
  model: "Model",
  version: "Version",
  cohort: "Cohort",
  instance: "Instance type",
  project: "Project",
};

let chosenModels = [];
const chosen = () => chosenModels;
const of = (name) => chosenModels.flatMap((model) => rowsOf(name, model.model_id));
const isOne = () => chosenModels.length === 1;

const projects = () => once("projects", () => new Map(rows("projects").map((row) => [row.project_id, row])));
const membersOf = (project) => (project.model_ids ?? "").split(",").filter(Boolean);
/** Rows of the projects that any chosen model is part of; a project without models belongs to everybody. */
function ofProjects(name) {
  const ids = new Set(chosenModels.map((model) => model.model_id)),
    all = ids.size === models().length;
  return rows(name).filter(({ project_id }) =>
    state.project
      ? project_id === state.project
      : all || membersOf(projects().get(project_id) ?? {}).some((id) => ids.has(id)),
  );
}

const cellOf = (model, kpi, start = state.start) => cells().get(`${model}|${kpi}|${state.period}|${start}`);
function previous(cell) {
  const list = starts(state.period),
    before = list[list.indexOf(cell.start) - 1];
  return before ? (cellOf(cell.model_id, cell.kpi_id, before)?.value ?? null) : null;
}

const cohortName = (row) =>
  row.cohort_attribute === "all" ? "everybody" : `${row.cohort_attribute}: ${row.cohort_value}`;
const distinct = (values) => [...new Set(values.filter((value) => value != null && value !== ""))].sort();

/** What a filter offers among the chosen models. */
const OFFERS = {
  unit: () => distinct(models().map((model) => model.business_unit)),
  team: () => distinct(models().map((model) => model.team_id)),
  model: () => models().map((model) => [model.model_id, model.model_name]),
  version: () => (isOne() ? [...new Set(of("versions").map((row) => row.model_version))].reverse() : []),
  cohort: () => distinct(of("cohorts").map(cohortName)),
  instance: () => distinct(of("costs").map((row) => row.instance_type)),
  project: () => [...projects().values()].map((project) => [project.project_id, project.project_name]),
};

/** The newest period that is over; the newest of all if none is, or if those were hardly measured yet. */
function wholeStart(period) {
  const over = {
    week: (date) => +date + 7 * DAY,
    month: (date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1),
    quarter: (date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 3),
  }[period];
  const all = [...periods()[period]],
    full = Math.max(0, ...all.map(([, { measured }]) => measured)) / 2;
  const list = all.filter(([, { measured }]) => measured >= full);
  return (list.findLast(([start, { end }]) => over(day(start)) - DAY <= +day(end)) ?? list.at(-1) ?? [""])[0];
}

function choose() {
  const project = projects().get(state.project);
  const members = project && membersOf(project);
  chosenModels = models().filter(
    (model) =>
      (!state.unit || model.business_unit === state.unit) &&
      (!state.team || model.team_id === state.team) &&
      (!state.model || model.model_id === state.model) &&
      (!members || members.includes(model.model_id)),
  );
}

/** The address into `state`; what it names and nobody knows is as if not named. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(DEFAULTS)) state[name] = given.get(name) ?? DEFAULTS[name];
  if (!(state.period in periods())) state.period = DEFAULTS.period;
  if (!(state.days in SPANS)) state.days = DEFAULTS.days;
  if (!periods()[state.period].has(state.start)) state.start = wholeStart(state.period);
  if (!modelOf(state.model)) state.model = "";
  if (!projects().has(state.project)) state.project = "";
  choose();
  for (const name of ["version", "cohort", "instance"]) if (!OFFERS[name]().includes(state[name])) state[name] = "";
}

function address(changes) {
  const wanted = { ...state, at: "", ...changes };
  return `#${new URLSearchParams(
    Object.entries(wanted).filter(
      ([name, value]) =>
        value && value !== DEFAULTS[name] && !(name === "start" && value === wholeStart(wanted.period)),
    ),
  )}`;
}

function go(changes) {
  const target = address(changes);
  if (target === (location.hash || "#")) show();
  else location.hash = target;
}

// ── the days that charts show ──

const windows = () =>
  once("window", () => {
    const last = +day(periods()[state.period].get(state.start)?.end ?? iso(lastDay()));
    const begin = state.start ? +day(state.start) : firstDay();
    const from =
      state.days === "all" ? firstDay() : state.days === "period" ? begin : last - (Number(state.days) - 1) * DAY;
    const served = state.version ? of("versions").find((row) => row.model_version === state.version) : null;
    return {
      from: Math.max(from, firstDay(), served ? +day(served.first_served_date) : 0),
      to: Math.min(last, served ? +day(served.last_served_date) : last),
      period: { from: begin, to: last + DAY },
    };
  });
/** The rows whose day, week or month, `step` days long, falls into the window. */
function within(list, field, step = 1) {
  const { from, to } = windows(),
    first = iso(from - (step - 1) * DAY),
    last = iso(to);
  return list.filter(
    (row) => row[field] != null && row[field].slice(0, 10) >= first && row[field].slice(0, 10) <= last,
  );
}
/** Months up to the window's end, thirteen at most: a quarter's worth of months says little. */
function monthly(list) {
  const last = iso(windows().to).slice(0, 7),
    first = iso(windows().to - 396 * DAY).slice(0, 7);
  return list.filter((row) => row.month.slice(0, 7) <= last && row.month.slice(0, 7) >= first);
}
function weeks() {
  const { from, to } = windows(),
    found = [];
  for (let at = monday(from); at <= to; at += 7 * DAY) found.push(iso(at));
  return found;
}

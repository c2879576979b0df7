// The page's behaviour: unpack the data, keep the filters in the address, fill tables and charts.
// Every text comes from data and enters the page as text, never as markup.

const PALETTE = ["#2f7fb8", "#d1603d", "#3a9b78", "#a9629b", "#c08a1e", "#5c6fc0", "#8a7560", "#4aa5b5"];
const COLOURED_UP_TO = PALETTE.length, EVENTS_UP_TO = 2;
const STATUSES = { on_target: "on target", at_risk: "at risk", off_target: "off target", no_target: "no target set", no_data: "no data" };
const SHAPES = {
  on_target: '<circle cx="6" cy="6" r="5"/>', at_risk: '<path d="M6 1 11.4 11H.6Z"/>', off_target: '<rect x="1.5" y="1.5" width="9" height="9"/>',
  no_target: '<circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6"/>', no_data: '<rect x="1.5" y="5.2" width="9" height="1.6"/>',
};
const TRENDS = { improving: "better than the period before", worsening: "worse than the period before", steady: "steady" };
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const DAY = 86_400_000;
const ROLLING_DAYS = { throughput: 7, cost_per_prediction: 7, feature_adoption: 28 };
const LONG_ROLLING = 28;

const byId = (id) => document.getElementById(id);
const charts = JSON.parse(byId("charts").textContent);
let data, kpis, models, cells, colours;
const state = { period: "month", start: "", unit: "", team: "", model: "", at: "" };

// ── small tools ──────────────────────────────────────────────────────────────────────────────────

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

function svg(inner, attributes) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`;
  const element = holder.content.firstChild;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const mark = (status) => svg(SHAPES[status], { class: "mark", viewBox: "0 0 12 12", fill: "currentColor", "aria-hidden": "true" });
const day = (text) => new Date(`${text}T00:00:00Z`);
const iso = (date) => date.toISOString().slice(0, 10);
const said = (text, options) => day(text.slice(0, 10)).toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
const dated = (text) => (text ? said(text, { day: "numeric", month: "long", year: "numeric" }) : "–");
const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const ratio = (numerator, denominator) => (denominator ? numerator / denominator : null);

function number(value, digits = 3) {
  if (value == null) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(digits)));
}

function amount(kpi, value) {
  if (value == null) return "–";
  if (kpi.unit.startsWith("share")) return `${number(100 * value)} %`;
  if (kpi.unit.startsWith("USD")) return `${value < 0 ? "−" : ""}$${number(Math.abs(value))}`;
  return number(value);
}

const unitWords = (kpi) => (kpi.unit.startsWith("share") || kpi.unit === "USD" ? "" : kpi.unit.replace(/^USD /, ""));

function periodName(period, start) {
  if (period === "quarter") return `${day(start).getUTCFullYear()}, quarter ${Math.floor(day(start).getUTCMonth() / 3) + 1}`;
  if (period === "month") return said(start, { month: "long", year: "numeric" });
  return `the week of ${said(start, { day: "numeric", month: "long", year: "numeric" })}`;
}

function rows(name) {
  const table = data.tables[name] ?? {};
  if (table instanceof Array) return table;
  const names = Object.keys(table);
  const columns = names.map((column) => table[column]);
  const length = columns.length ? (columns[0].places ?? columns[0]).length : 0;
  const read = columns.map((column) => (column.texts ? (i) => (column.places[i] == null ? null : column.texts[column.places[i]]) : (i) => column[i]));
  const result = Array.from({ length }, (_, i) => Object.fromEntries(names.map((column, c) => [column, read[c](i)])));
  data.tables[name] = result;
  return result;
}

async function unpack() {
  const bytes = Uint8Array.from(atob(byId("data").textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

// ── what is chosen ───────────────────────────────────────────────────────────────────────────────

const chosen = () => models.filter((model) =>
  (!state.unit || model.business_unit === state.unit) && (!state.team || model.team_id === state.team) && (!state.model || model.model_id === state.model));
const chosenIds = () => new Set(chosen().map((model) => model.model_id));
const nameOf = (id) => models.find((model) => model.model_id === id)?.model_name ?? id;
const of = (name) => { const ids = chosenIds(); return rows(name).filter((row) => ids.has(row.model_id)); };
const cellOf = (model, kpi, start = state.start) => cells.get(`${model}|${kpi}|${state.period}|${start}`);

function starts() {
  const found = [...new Set(rows("cells").filter((cell) => cell.period === state.period).map((cell) => cell.start))].sort();
  return found;
}

function wholeStart(list) {
  const ends = new Map(rows("cells").filter((cell) => cell.period === state.period).map((cell) => [cell.start, cell.as_of]));
  const next = { week: (d) => new Date(+d + 7 * DAY), month: (d) => new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 1)),
    quarter: (d) => new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 3, 1)) }[state.period];
  const whole = list.filter((start) => +next(day(start)) - DAY <= +day(ends.get(start)));
  return whole.at(-1) ?? list.at(-1) ?? "";
}

function colour(id) {
  const ids = chosen().map((model) => model.model_id);
  if (ids.length <= COLOURED_UP_TO) return PALETTE[ids.length === models.length || models.length <= COLOURED_UP_TO ? colours.get(id) % PALETTE.length : ids.indexOf(id)];
  return "var(--soft)";
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(state)) state[name] = given.get(name) ?? (name === "period" ? "month" : "");
  if (!["week", "month", "quarter"].includes(state.period)) state.period = "month";
  const list = starts();
  if (!list.includes(state.start)) state.start = wholeStart(list);
  if (state.model && !models.some((model) => model.model_id === state.model)) state.model = "";
}

function address(changes) {
  const wanted = { ...state, ...changes };
  const said = new URLSearchParams(Object.entries(wanted).filter(([name, value]) => value && !(name === "period" && value === "month")
    && !(name === "start" && value === wholeStart(starts()))));
  return `#${said}`;
}

const go = (changes) => { const target = address({ at: "", ...changes }); if (target === (location.hash || "#")) show(); else location.hash = target; };

// ── the balanced scorecard ───────────────────────────────────────────────────────────────────────

function spark(model, kpi) {
  const sums = data.cube.sums[kpi.kpi_id]?.[model];
  if (!sums) return null;
  const weeks = [];
  // Whole weeks only: half a week at the end would look like a fall.
  for (let from = data.cube.days - 7 * Math.min(13, Math.floor(data.cube.days / 7)); from < data.cube.days; from += 7) {
    let n = 0, d = 0;
    for (let i = from; i < from + 7; i++) { n += sums[0][i] ?? 0; d += sums[1][i] ?? 0; }
    weeks.push(d ? n / d : null);
  }
  const known = weeks.filter((value) => value != null);
  if (known.length < 3) return null;
  const low = Math.min(...known), span = Math.max(...known) - low || 1;
  const points = weeks.map((value, i) => (value == null ? null : `${(i * 100 / (weeks.length - 1)).toFixed(1)},${(18 - 16 * (value - low) / span).toFixed(1)}`)).filter(Boolean);
  return svg(`<polyline points="${points.join(" ")}" fill="none" stroke="currentColor" stroke-width="1.4" vector-effect="non-scaling-stroke" opacity="0.55"/>`,
    { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" });
}

function change(kpi, cell) {
  const before = previous(cell);
  if (!cell.trend || before == null) return "";
  const part = before === 0 ? "" : ` ${number(Math.abs(100 * (cell.value - before) / before), 2)} %`;
  if (cell.trend === "steady") return "→ steady";
  return `${cell.value > before ? "↑" : "↓"}${part} ${cell.trend === "improving" ? "better" : "worse"}`;
}

function previous(cell) {
  const list = starts();
  const before = list[list.indexOf(cell.start) - 1];
  return before ? cellOf(cell.model_id, cell.kpi_id, before)?.value ?? null : null;
}

function gradeOf(kpi, cell) {
  if (kpi.kpi_id !== "business_value" || cell.value == null) return null;
  const known = rows("worth").filter((row) => row.model_id === cell.model_id && row.day <= cell.as_of);
  return known.length ? graded(known.at(-1).evidence_grade) : null;
}

function cellButton(model, kpi) {
  const cell = cellOf(model.model_id, kpi.kpi_id);
  const status = cell?.status ?? "no_data";
  const label = `${model.model_name}, ${kpi.kpi_name}: ${cell?.value == null ? cell?.gap_reason ?? "not measured" : `${amount(kpi, cell.value)} ${unitWords(kpi)}`}, ${STATUSES[status]}`;
  const inside = cell?.value == null
    ? [h("b", {}, mark("no_data"), "–"), h("span", { class: "gap" }, cell?.gap_reason ?? "not measured")]
    : [h("b", {}, mark(status), amount(kpi, cell.value)),
       h("small", {}, cell.target == null ? "no target" : `target ${amount(kpi, cell.target)}`),
       gradeOf(kpi, cell) && h("small", {}, gradeOf(kpi, cell)), change(kpi, cell) && h("small", {}, change(kpi, cell)), spark(model.model_id, kpi)];
  return h("button", { type: "button", class: `cell ${status}`, "aria-label": label, onclick: () => explain(model, kpi) }, inside);
}

function explain(model, kpi) {
  const cell = cellOf(model.model_id, kpi.kpi_id);
  const facts = [["Period", `${periodName(state.period, state.start)}${cell ? `, as of ${dated(cell.as_of)}` : ""}`]];
  if (cell) {
    facts.push(["Value", cell.value == null ? `undefined: ${cell.gap_reason ?? "not measured"}` : `${amount(kpi, cell.value)} ${unitWords(kpi)}`]);
    facts.push([kpi.numerator_name, number(cell.numerator, 5)], [kpi.denominator_name, number(cell.denominator, 5)]);
    if (cell.ci_low != null) facts.push(["95 % interval", `${amount(kpi, cell.ci_low)} to ${amount(kpi, cell.ci_high)}`]);
    if (gradeOf(kpi, cell)) facts.push(["Evidence", gradeOf(kpi, cell)]);
    if (cell.sample_size != null) facts.push(["Observations", number(cell.sample_size)]);
    facts.push(["Target", cell.target == null ? "none" : `${amount(kpi, cell.target)} (${kpi.is_higher_better ? "or more" : "or less"}): ${STATUSES[cell.status]}`]);
    if (cell.baseline != null) facts.push(["Baseline", amount(kpi, cell.baseline)]);
    if (cell.trend) facts.push(["Trend", TRENDS[cell.trend]]);
    facts.push(["Objective", cell.objective ?? "none: a vanity metric until it serves one"]);
    facts.push(["Data until", cell.source_freshness ?? "no source"]);
  }
  facts.push(["Definition", `${kpi.definition} (version ${kpi.definition_version})`]);
  byId("cell").replaceChildren(
    h("h2", { id: "cell-title" }, `${model.model_name}: ${kpi.kpi_name}`),
    h("dl", {}, facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])),
    h("form", { method: "dialog" },
      h("button", { type: "button", onclick: () => { byId("cell").close(); go({ model: model.model_id, at: `kpi-${kpi.kpi_id}` }); } }, "Show its chart"),
      h("button", { autofocus: true }, "Close")));
  byId("cell").showModal();
}

function overview() {
  const shown = chosen(), groups = [...new Set(kpis.map((kpi) => kpi.kpi_group))];
  const counted = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0]));
  for (const model of shown) for (const kpi of kpis) counted[cellOf(model.model_id, kpi.kpi_id)?.status ?? "no_data"] += 1;
  const measured = counted.on_target + counted.at_risk + counted.off_target;
  const says = !shown.length ? "No model is chosen." : !measured && !counted.no_target ? "Nothing has been measured in this period yet."
    : `In ${periodName(state.period, state.start)}, ${counted.on_target} of ${measured} targets are met, ${counted.at_risk} are at risk and ${counted.off_target} missed; `
      + `${plural(counted.no_target, "number")} without a target, ${counted.no_data} without data.`;
  const body = shown.length === 1
    ? h("div", { class: "tiles" }, kpis.map((kpi) => h("div", {}, h("h3", {}, kpi.kpi_name), cellButton(shown[0], kpi))))
    : h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scorecard, scrolls sideways" },
        h("table", { class: "matrix" },
          h("thead", {},
            h("tr", {}, h("td", {}), groups.map((group) => h("th", { class: "group", scope: "colgroup", colspan: kpis.filter((kpi) => kpi.kpi_group === group).length }, group))),
            h("tr", {}, h("th", { scope: "col" }, "Model"), kpis.map((kpi) => h("th", { scope: "col" }, h("a", { href: address({ at: `kpi-${kpi.kpi_id}` }) }, kpi.kpi_name))))),
          h("tbody", {}, shown.map((model) => h("tr", {},
            h("th", { scope: "row" }, h("a", { href: address({ model: model.model_id, at: "" }) }, model.model_name), h("span", {}, model.business_unit)),
            kpis.map((kpi) => h("td", {}, cellButton(model, kpi))))))));
  byId("overview").replaceChildren(
    h("header", {}, h("h2", {}, shown.length === 1 ? shown[0].model_name : "Balanced scorecard"), h("p", { class: "says" }, says)),
    h("p", { class: "key" }, Object.entries(STATUSES).map(([status, words]) => h("span", { class: status }, mark(status), words))), body);
}

// ── figures ──────────────────────────────────────────────────────────────────────────────────────

const figures = [];
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) { const figure = figures.find((one) => one.element === entry.target); figure.seen = entry.isIntersecting; if (figure.seen) draw(figure); }
}, { rootMargin: "400px" });

function figure({ title, chart, fill, columns, wide, unit, note }) {
  const id = `figure-${figures.length}`;
  const plot = h("div", { class: "plot", role: "img", "aria-labelledby": `${id}-title` });
  const table = h("div", { class: "scroll", hidden: true, tabindex: "0", role: "region", "aria-label": `${title}, table` });
  const legend = h("ul", { class: "legend" });
  const toggle = h("button", { type: "button", "aria-expanded": "false", onclick: () => {
    table.hidden = !table.hidden; toggle.setAttribute("aria-expanded", String(!table.hidden)); if (!table.hidden) fillTable(one); } }, "Table");
  const download = h("button", { type: "button", onclick: () => save(one) }, "CSV");
  const element = h("figure", { class: wide ? "wide" : null },
    h("figcaption", {}, h("div", {}, h("h3", { id: `${id}-title` }, title), unit && h("p", { class: "quiet" }, unit)), h("span", { class: "tools" }, toggle, download)),
    plot, legend, note && h("p", { class: "quiet" }, note), table);
  if (!chart) { plot.hidden = true; toggle.hidden = true; table.hidden = false; }
  const one = { element, plot, table, legend, title, chart, fill, columns, stale: true, seen: false };
  figures.push(one);
  watcher.observe(element);
  return element;
}

async function draw(one) {
  if (!one.stale) return;
  one.stale = false;
  const { rows: filled, events = [], legend = [] } = one.fill();
  one.filled = filled;
  one.legend.replaceChildren(...legend.map(([text, colour]) => { const line = h("i"); line.style.background = colour; return h("li", {}, line, text); }));
  if (!one.table.hidden) fillTable(one);
  if (!one.chart) return;
  if (!filled.length) {
    one.view?.finalize(); one.view = null;
    one.plot.replaceChildren(h("p", { class: "quiet" }, "Nothing to draw for this choice."));
    return;
  }
  const wanted = one.chart === "trend" && farApart(filled) ? "trend_log" : one.chart;
  const { spec, has_events, row_field, row_height } = charts[wanted];
  const height = row_field ? row_height * new Set(filled.map((row) => row[row_field])).size : spec.height;
  if (one.drawn !== `${wanted} ${height}`) { one.view?.finalize(); one.view = null; one.drawn = `${wanted} ${height}`; }
  // An empty data set has no extent, which Vega warns of: a target nobody set, a band no estimate has.
  const quiet = { ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true }, logLevel: 1 };
  one.view ??= (await window.vegaEmbed(one.plot, { ...spec, height }, quiet)).view;
  // A logarithm has no zero: a day without anything leaves a gap in the line.
  const positive = (value) => (value > 0 ? value : null);
  one.view.data("rows", wanted === "trend_log" ? filled.map((row) => ({ ...row, value: positive(row.value), rolling: positive(row.rolling), target: positive(row.target) })) : filled);
  if (has_events) one.view.data("events", events);
  await one.view.resize().runAsync(); // new labels may need more room beside the plot
  // The figure has a name and a table; Vega's roles would add a nameless picture of every mark.
  one.plot.querySelector("svg").setAttribute("aria-hidden", "true");
}

function farApart(filled) {
  const typical = new Map();
  for (const row of filled) if (row.rolling > 0) typical.set(row.model, row.rolling); else if (row.rolling < 0 || row.value < 0) return false;
  return typical.size > 1 && Math.max(...typical.values()) > 12 * Math.min(...typical.values());
}

function fillTable(one) {
  const filled = one.filled ?? one.fill().rows;
  if (!filled.length) { one.table.replaceChildren(h("p", { class: "quiet" }, "Nothing to list for this choice.")); return; }
  one.table.replaceChildren(h("table", {},
    h("thead", {}, h("tr", {}, one.columns.map(([, label]) => h("th", { scope: "col" }, label)))),
    h("tbody", {}, filled.slice(0, 1000).map((row) => h("tr", {}, one.columns.map(([name]) => {
      const value = row[name];
      return h("td", { class: typeof value === "number" ? "number" : null }, typeof value === "number" ? number(value, 5) : value instanceof Date ? iso(value) : value ?? "–");
    }))))), ...(filled.length > 1000 ? [h("p", { class: "quiet" }, `The first 1,000 of ${filled.length.toLocaleString("en-US")} rows; the CSV has all.`)] : []));
}

function save(one) {
  const quote = (value) => { const text = value == null ? "" : value instanceof Date ? iso(value) : String(value);
    const safe = /^[=+\-@\t]/.test(text) && typeof value !== "number" ? `'${text}` : text; return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe; };
  const text = [one.columns.map(([, label]) => quote(label)), ...(one.filled ?? one.fill().rows).map((row) => one.columns.map(([name]) => quote(row[name])))].map((line) => line.join(",")).join("\r\n");
  const link = h("a", { href: `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`, download: `${one.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.csv` });
  link.click();
}

const modelLegend = () => { const shown = chosen(); return shown.length > 1 && shown.length <= COLOURED_UP_TO ? shown.map((model) => [model.model_name, colour(model.model_id)]) : []; };

// Incidents are many: on a chart stand those that somebody was woken for.
const WAKING = ["P1", "P2", "SEV1", "SEV2", "critical", "high"];

function events() {
  if (chosen().length > EVENTS_UP_TO) return [];
  return of("annotations").filter((row) => row.kind !== "incident" || WAKING.includes(row.note))
    .map((row) => ({ day: day(row.day), when: row.day, colour: row.kind === "incident" ? "var(--bad)" : "var(--ink)", title: `${row.kind.replace("_", " ")}: ${row.title}` }));
}

function targets(model, kpi) {
  const months = rows("cells").filter((cell) => cell.period === "month" && cell.model_id === model && cell.kpi_id === kpi).map((cell) => [cell.start.slice(0, 7), cell.target]);
  return new Map(months);
}

function dailyRows(kpi) {
  const first = data.cube.start ? +day(data.cube.start) : 0, window = ROLLING_DAYS[kpi.kpi_id] ?? LONG_ROLLING, filled = [];
  for (const model of chosen()) {
    const sums = data.cube.sums[kpi.kpi_id]?.[model.model_id];
    if (!sums) continue;
    const target = targets(model.model_id, kpi.kpi_id);
    let n = 0, d = 0;
    for (let i = 0; i < data.cube.days; i++) {
      n += sums[0][i] ?? 0; d += sums[1][i] ?? 0;
      if (i >= window) { n -= sums[0][i - window] ?? 0; d -= sums[1][i - window] ?? 0; }
      const at = new Date(first + i * DAY), when = iso(at);
      filled.push({ day: at, when, model: model.model_name, colour: colour(model.model_id), value: ratio(sums[0][i], sums[1][i]), rolling: d > 1e-9 ? n / d : null, target: target.get(when.slice(0, 7)) ?? null });
    }
  }
  return filled;
}

const DAILY_COLUMNS = [["when", "Day"], ["model", "Model"], ["value", "Value"], ["rolling", "Rolling"], ["target", "Target"]];

// Users are distinct: days of feature adoption do not add up to a rolling value, the mart has it.
function adoptionRows(kpi) {
  return of("adoption").map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), colour: colour(row.model_id), value: row.adoption_1d_rate, rolling: row.adoption_28d_rate,
    target: targets(row.model_id, kpi.kpi_id).get(row.day.slice(0, 7)) ?? null }));
}

function satisfactionRows(kpi) {
  return of("satisfaction").map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), colour: colour(row.model_id), value: row.satisfaction, rolling: row.satisfaction_28d,
    low: row.satisfaction_28d_ci_low, high: row.satisfaction_28d_ci_high, target: targets(row.model_id, kpi.kpi_id).get(row.day.slice(0, 7)) ?? null }));
}

const TREND_ROWS = { feature_adoption: adoptionRows, satisfaction: satisfactionRows };

function trendFigure(kpi) {
  const window = ROLLING_DAYS[kpi.kpi_id] ?? LONG_ROLLING;
  return figure({ title: `${kpi.kpi_name} by day`, chart: "trend", wide: true, unit: `${kpi.unit}; bold: ${window} days rolling, dashed: target`, columns: DAILY_COLUMNS,
    fill: () => ({ rows: (TREND_ROWS[kpi.kpi_id] ?? dailyRows)(kpi), events: events(), legend: modelLegend() }) });
}

function shade(value, most) {
  if (!value) return { shade: "var(--shade-0)", text: "var(--soft)" };
  const step = Math.min(4, Math.ceil(4 * value / most));
  return { shade: `var(--shade-${step})`, text: step >= 3 ? "var(--paper)" : "var(--ink)" };
}

const monday = (date) => iso(new Date(+date - ((date.getUTCDay() + 6) % 7) * DAY));

function weeksBetween(first, last) {
  const weeks = [];
  for (let at = +day(monday(first)); at <= +last; at += 7 * DAY) weeks.push(iso(new Date(at)));
  return weeks;
}

const shortWeek = (text) => said(text, { day: "numeric", month: "short" });

const FEW_LABELS = 30;
const graded = (grade) => grade?.replace("_", " ") ?? "–";
const duration = (hours) => (hours < 48 ? `${number(hours, 2)} h` : `${number(hours / 24, 2)} d`);
const first = (name) => of(name)[0]?.model_id;
const cohortName = (row) => (row.cohort_attribute === "all" ? "all" : `${row.cohort_attribute}: ${row.cohort_value}`);

const EXPERIMENT_COLUMNS = [["experiment", "Experiment"], ["model", "Model"], ["metric", "Metric"], ["arm", "Arm"], ["effect", "Effect"], ["grade", "Evidence"], ["method", "Method"], ["status", "Status"], ["said", "Reads"]];

function experiments() {
  const share = (value) => `${value > 0 ? "+" : ""}${number(100 * value)} %`;
  return of("experiments").map((row) => {
    const unread = row.status === "void" || row.status === "underpowered";
    return { label: `${row.experiment_name}${unread ? ` (${row.status})` : ""}`, experiment: row.experiment_name, model: nameOf(row.model_id), metric: `${row.metric_name}${row.is_primary ? "" : " (secondary)"}`, arm: row.variation_id, is_primary: row.is_primary,
      value: row.lift_relative, low: row.lift_relative_ci_low, high: row.lift_relative_ci_high, effect: row.lift_relative == null ? "–" : `${share(row.lift_relative)} (${share(row.lift_relative_ci_low)} to ${share(row.lift_relative_ci_high)})`,
      grade: graded(row.evidence_grade), method: row.method, status: row.status, said: row.decision, colour: unread ? "var(--warn)" : { better: "var(--good)", worse: "var(--bad)" }[row.direction] ?? "var(--soft)" };
  });
}

// A project is shown with every model it is for.
const ofProjects = (name) => { const ids = chosenIds(), all = ids.size === models.length; return rows(name).filter((row) => all || (row.model_ids ?? "").split(",").some((id) => ids.has(id))); };

function projectColours(name) {
  const shown = new Map(ofProjects(name).map((row) => [row.project_id, row.project_name]));
  return new Map([...shown].map(([id, project], i) => [id, { name: project, colour: shown.size <= COLOURED_UP_TO ? PALETTE[i] : "var(--soft)" }]));
}

function driftWeeks(id) {
  const weeks = new Map();
  for (const row of of("drift")) if (row.model_id === id && row.drifted_count) weeks.set(row.week, [...(weeks.get(row.week) ?? []), row.feature]);
  return [...weeks].map(([week, features]) => ({ day: day(week), when: week, title: `drift: ${features.join(", ")}`, colour: "var(--bad)" }));
}

const EXTRA = {
  throughput: (kpi) => [
    figure({ title: "The last fourteen days, hour by hour", chart: "hours", wide: true, unit: "predictions per hour; bold: 24 hours rolling, ▲: above the 95th percentile of the 28 days before",
      columns: [["when", "Hour"], ["model", "Model"], ["value", "Predictions per hour"], ["rolling", "24 h rolling"], ["spike", "Spike"]],
      fill: () => ({ legend: modelLegend(), rows: of("hours").map((row) => ({ hour: new Date(row.hour), when: row.hour.replace("T", " ").replace("Z", ""), model: nameOf(row.model_id), colour: colour(row.model_id),
        value: row.predictions_per_hour, rolling: row.predictions_per_hour_24h, spike: row.is_spike ? row.predictions_per_hour : null })) }) }),
    figure({ title: "Latency, 95th percentile", chart: "trend", wide: true, unit: "milliseconds; dashed: what is promised",
      columns: [["when", "Day"], ["model", "Model"], ["value", "p50"], ["rolling", "p95"], ["target", "Promised p95"]],
      fill: () => ({ legend: modelLegend(), events: events(), rows: of("latency").map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), colour: colour(row.model_id), value: row.latency_p50_ms, rolling: row.latency_p95_ms, target: row.latency_target_ms })) }) }),
  ],
  cost_per_prediction: () => [
    figure({ title: "Compute cost by instance type", chart: "bars", unit: "USD a week",
      columns: [["week", "Week of"], ["part", "Instance type"], ["value", "Compute cost, USD"], ["predictions", "Predictions"]],
      fill: () => {
        const parts = [...new Set(of("costs").map((row) => row.instance_type))].sort(), sums = new Map();
        for (const row of of("costs")) { const key = `${row.week}|${row.instance_type}`, sum = sums.get(key) ?? { week: shortWeek(row.week), order: row.week, part: row.instance_type ?? "–", value: 0, predictions: 0 };
          sum.value += row.compute_cost_usd ?? 0; sum.predictions += row.prediction_count ?? 0; sum.colour = PALETTE[parts.indexOf(row.instance_type) % PALETTE.length]; sums.set(key, sum); }
        const filled = [...sums.values()].filter((row) => row.value).sort((a, b) => a.order.localeCompare(b.order));
        return { rows: filled, legend: [...new Set(filled.map((row) => row.part))].map((part) => [part, PALETTE[parts.indexOf(part) % PALETTE.length]]) };
      } }),
    figure({ title: "What moved the compute cost", chart: "waterfall", unit: "USD, from the month before to the last whole month: volume, mix of machines, price",
      columns: [["step", "Step"], ["label", "Amount"]], fill: () => ({ rows: waterfall() }) }),
  ],
  mttr: () => [
    figure({ title: "When incidents begin", chart: "week_hours", unit: "incidents by weekday and hour, UTC", columns: [["weekday", "Day"], ["hour", "Hour"], ["count", "Incidents"]],
      fill: () => {
        const counts = new Map();
        for (const row of of("incidents")) { const at = new Date(row.started_at); const key = `${WEEKDAYS[at.getUTCDay()]}|${at.getUTCHours()}`; counts.set(key, (counts.get(key) ?? 0) + 1); }
        const most = Math.max(1, ...counts.values());
        return { rows: WEEKDAYS.flatMap((weekday) => Array.from({ length: 24 }, (_, hour) => { const count = counts.get(`${weekday}|${hour}`) ?? 0; return { weekday, hour, count, label: count || "", ...shade(count, most) }; })) };
      } }),
    figure({ title: "Incidents by model and week", chart: "model_weeks", unit: "incidents; empty weeks had none", columns: [["model", "Model"], ["week", "Week of"], ["count", "Incidents"]],
      fill: () => {
        if (!data.cube.start) return { rows: [] };
        const last = new Date(+day(data.cube.start) + (data.cube.days - 1) * DAY), weeks = weeksBetween(day(data.cube.start), last), counts = new Map();
        for (const row of of("incidents")) { const key = `${row.model_id}|${monday(new Date(row.started_at))}`; counts.set(key, (counts.get(key) ?? 0) + 1); }
        const most = Math.max(1, ...counts.values());
        return { rows: chosen().flatMap((model) => weeks.map((week) => { const count = counts.get(`${model.model_id}|${week}`) ?? 0; return { model: model.model_name, week: shortWeek(week), count, label: count || "", ...shade(count, most) }; })) };
      } }),
    figure({ title: "Time to resolve by severity", chart: "grouped", wide: true, unit: "mean hours, by the month of resolution", columns: [["month", "Month"], ["part", "Severity"], ["value", "Mean hours"], ["n", "Incidents"]],
      fill: () => {
        const sums = new Map(), parts = [...new Set(of("repairs").map((row) => row.severity))].sort();
        for (const row of of("repairs")) { const key = `${row.month}|${row.severity}`, sum = sums.get(key) ?? { month: said(row.month, { month: "short", year: "numeric" }), order: row.month, part: row.severity, hours: 0, n: 0 };
          sum.hours += row.resolve_hours ?? 0; sum.n += row.resolved_count ?? 0; sums.set(key, sum); }
        return { rows: [...sums.values()].filter((row) => row.n).map((row) => ({ ...row, value: row.hours / row.n, colour: PALETTE[parts.indexOf(row.part) % PALETTE.length] })).sort((a, b) => a.order.localeCompare(b.order)),
          legend: parts.map((part, i) => [part, PALETTE[i % PALETTE.length]]) };
      } }),
  ],
  deployment_cadence: () => [
    figure({ title: "Release calendar", chart: "calendar", wide: true, unit: "● release, ▲ roll forward, ▼ rollback; a red mark had an incident after it; below: lead time from registered to serving",
      columns: [["when", "Deployed"], ["model", "Model"], ["version", "Version"], ["kind", "What"], ["lead", "Lead time"], ["failure", "Incident after it"]],
      fill: () => ({ rows: of("deployments").map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), version: row.version, kind: row.deployment_kind.replace("_", " "),
        shape: { rollback: "triangle-down", roll_forward: "triangle-up" }[row.deployment_kind] ?? "circle", colour: row.is_change_failure ? "var(--bad)" : colour(row.model_id),
        lead: row.lead_hours == null ? "" : duration(row.lead_hours), failure: row.is_change_failure == null ? "too early to say" : row.is_change_failure ? "yes" : "no" })) }) }),
    figure({ title: "Lead time", chart: "grouped", unit: "median hours from registered to serving, by month of deployment", columns: [["month", "Month"], ["part", "Model"], ["value", "Median hours"], ["p90", "90th percentile, hours"], ["n", "Releases"]],
      fill: () => ({ legend: modelLegend(), rows: of("cadence").filter((row) => row.lead_known_count).sort((a, b) => a.month.localeCompare(b.month)).map((row) => ({ month: said(row.month, { month: "short", year: "numeric" }), part: nameOf(row.model_id), value: row.median_lead_hours, p90: row.p90_lead_hours,
        n: row.lead_known_count, colour: colour(row.model_id) })) }) }),
    figure({ title: "Rollbacks and failed changes", chart: "grouped", unit: "per cent of the month's deployments, all chosen models", columns: [["month", "Month"], ["part", "What"], ["value", "Per cent"], ["n", "Deployments"]],
      fill: () => {
        const months = [...new Set(of("cadence").map((row) => row.month))].sort(), parts = [["Rolled back to an earlier version", "rollback_count", "deployment_count", PALETTE[4]], ["Followed by an incident, or rolled back", "change_failure_count", "change_judged_count", PALETTE[1]]];
        const sum = (month, name) => of("cadence").reduce((total, row) => total + (row.month === month ? row[name] ?? 0 : 0), 0);
        return { legend: parts.map(([part, , , shown]) => [part, shown]), rows: months.flatMap((month) => parts.map(([part, top, bottom, shown]) => ({ month: said(month, { month: "short", year: "numeric" }), part, colour: shown,
          n: sum(month, bottom), value: ratio(100 * sum(month, top), sum(month, bottom)) }))).filter((row) => row.value != null) };
      } }),
  ],
  business_value: () => [
    figure({ title: "Value so far", chart: "trend_linear", wide: true, unit: "USD since the model's first day, with its 95 % interval; declared value has none", columns: [["when", "Day"], ["model", "Model"], ["rolling", "USD so far"], ["low", "From"], ["high", "To"], ["grade", "Evidence"]],
      fill: () => ({ legend: modelLegend(), events: events(), rows: of("worth").map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), colour: colour(row.model_id), rolling: row.cumulative_value_usd,
        low: row.cumulative_value_ci_low_usd, high: row.cumulative_value_ci_high_usd, grade: graded(row.evidence_grade) })) }) }),
    figure({ title: "Experiments: the metrics that decide", chart: "forest_share", wide: true, unit: "relative change against the control, 95 % interval; what is void or underpowered is not to be read as an effect", columns: EXPERIMENT_COLUMNS,
      fill: () => ({ legend: [["found better", "var(--good)"], ["found worse", "var(--bad)"], ["no difference found", "var(--soft)"], ["void or underpowered", "var(--warn)"]],
        rows: experiments().filter((row) => row.is_primary && row.value != null) }) }),
    figure({ title: "Every metric of every experiment", chart: null, wide: true, columns: EXPERIMENT_COLUMNS, fill: () => ({ rows: experiments() }) }),
  ],
  npv: () => [
    figure({ title: "Discounted cash flow, cumulated", chart: "cash", wide: true, unit: "USD; bold: as known at each month's end, dotted where booked; dashed: by plan", columns: [["when", "Month"], ["project", "Project"], ["value", "As known, USD"], ["planned", "By plan, USD"], ["basis", "The month is"]],
      fill: () => { const shown = projectColours("finance");
        return { legend: [...shown.values()].map(({ name, colour }) => [name, colour]), rows: ofProjects("finance").map((row) => ({ month: day(row.month), when: row.month.slice(0, 7), project: row.project_name, colour: shown.get(row.project_id).colour, value: row.npv_to_date_usd,
          planned: row.planned_npv_to_date_usd, booked: row.basis === "planned" ? null : row.npv_to_date_usd, basis: row.basis?.replace("_", " ") })) }; } }),
    figure({ title: "Scenarios", chart: "forest", unit: "NPV, USD: base, from downside to upside", columns: [["label", "Project"], ["low", "Downside"], ["value", "Base"], ["high", "Upside"], ["said", "Chance"]],
      fill: () => { const shown = projectColours("scenarios");
        return { rows: [...shown].map(([id, { name, colour }]) => { const of = (kind) => rows("scenarios").find((row) => row.project_id === id && row.name === kind && row.kind === "scenario");
          const chance = of("base")?.npv_positive_rate;
          return { label: name, colour, low: of("downside")?.npv_usd, value: of("base")?.npv_usd, high: of("upside")?.npv_usd, said: chance == null ? "no input is uncertain" : `${number(100 * chance)} % chance that NPV is above zero` }; }).filter((row) => row.value != null) }; } }),
    figure({ title: "What NPV hangs on", chart: "tornado", unit: "NPV, USD, with one input at its low (orange) or high (blue) end; the widest ten", columns: [["label", "Input"], ["low", "NPV at its low end"], ["base", "Base"], ["high", "NPV at its high end"]],
      fill: () => { const several = projectColours("scenarios").size > 1, base = new Map(ofProjects("scenarios").filter((row) => row.kind === "scenario" && row.name === "base").map((row) => [row.project_id, row.npv_usd]));
        return { rows: ofProjects("scenarios").filter((row) => row.kind === "input" && row.npv_swing_usd != null).sort((a, b) => b.npv_swing_usd - a.npv_swing_usd).slice(0, 10)
          .map((row) => { const input = row.name.replace("category:", "").replace("_", " "); return { label: several ? `${row.project_name}: ${input}` : input, low: row.low_npv_usd, high: row.high_npv_usd, base: base.get(row.project_id) }; }) }; } }),
  ],
  accuracy: () => [
    figure({ title: "By cohort and week", chart: "cohorts", wide: true, unit: `cohorts with fewer than ${FEW_LABELS} labels in the week are left out; rules: weeks in which a watched feature drifted`, note: "Choose a model to see its own; of several, the first is shown.",
      columns: [["when", "Week of"], ["model", "Model"], ["cohort", "Cohort"], ["measure", "Measure"], ["value", "Score"], ["n", "Labelled"], ["state", "Labels"]],
      fill: () => {
        const id = first("cohorts"), mine = of("cohorts").filter((row) => row.model_id === id);
        const names = [...new Set(mine.map(cohortName))].sort((a, b) => (b === "all") - (a === "all") || a.localeCompare(b)), shown = new Map(names.map((name, i) => [name, name === "all" ? "var(--ink)" : PALETTE[(i - 1) % PALETTE.length]]));
        const filled = mine.filter((row) => row.score != null && row.labelled_count >= FEW_LABELS).map((row) => ({ day: day(row.week), when: row.week, model: nameOf(id), cohort: cohortName(row), colour: shown.get(cohortName(row)), measure: row.measure, value: row.score, n: row.labelled_count,
          state: row.is_mature ? "mature" : "some are still to come" }));
        return { rows: filled, events: driftWeeks(id), legend: filled.length ? [[`${nameOf(id)}, ${filled[0].measure}`, "transparent"], ...shown] : [] };
      } }),
  ],
  drift_rate: () => [
    figure({ title: "Drift by feature and week", chart: "features", wide: true, unit: "windows drifted; – where none could be tested; the forty features that drifted most", columns: [["feature", "Feature"], ["week", "Week of"], ["drifted", "Windows drifted"], ["tested", "Windows tested"], ["psi", "Largest PSI"]],
      fill: () => {
        const mine = of("drift"), several = chosen().length > 1, named = (row) => (several ? `${nameOf(row.model_id)}: ${row.feature}` : row.feature), counts = new Map();
        for (const row of mine) counts.set(named(row), (counts.get(named(row)) ?? 0) + row.drifted_count);
        const kept = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a.localeCompare(b)).slice(0, 40), order = new Map(kept.map((name, i) => [name, i]));
        return { rows: mine.filter((row) => order.has(named(row))).sort((a, b) => order.get(named(a)) - order.get(named(b)) || a.week.localeCompare(b.week)).map((row) => ({ feature: named(row), week: shortWeek(row.week), drifted: row.drifted_count, tested: row.tested_count, psi: row.psi,
          label: row.tested_count ? row.drifted_count || "" : "–", ...shade(row.drifted_count, Math.max(row.tested_count, 1)) })) };
      } }),
    figure({ title: "The feature furthest from its reference", chart: "shift", unit: "share of values in the newest window that could be tested", note: "Choose a model to see its own; of several, the first is shown.", columns: [["model", "Model"], ["feature", "Feature"], ["bin", "Values"], ["part", "Where"], ["value", "Share"]],
      fill: () => { const id = first("shifts"), mine = of("shifts").filter((row) => row.model_id === id), parts = [["reference", "reference_share_rate", "var(--shade-2)"], ["window", "window_share_rate", "#d1603d"]];
        return { legend: mine.length ? [[`${nameOf(id)}, ${mine[0].feature}, ${dated(mine[0].at)}`, "transparent"], ...parts.map(([part, , shown]) => [part, shown])] : [],
          rows: mine.flatMap((row) => parts.map(([part, name, shown]) => ({ model: nameOf(id), feature: row.feature, bin: row.bin_name, part, value: row[name] ?? 0, colour: shown }))) }; } }),
    figure({ title: "Recommended retrains", chart: null, columns: [["model", "Model"], ["version", "Version"], ["since", "Raised"], ["why", "Why"], ["state", "Stands"]],
      fill: () => ({ rows: of("retrains").map((row) => ({ model: nameOf(row.model_id), version: row.model_version, since: row.raised_at.slice(0, 10), why: `${row.drifted_window_count} of ${row.tested_window_count} windows drifted, ${row.worst_feature} furthest (PSI ${number(row.max_psi)})`,
        state: row.is_open ? "open: retrain" : `closed by ${row.closing_version}, ${dated(row.closed_at)}` })) }) }),
  ],
  satisfaction: () => [
    figure({ title: "Override rate by day", chart: "trend", wide: true, unit: "share of decisions that a person overruled; bold: 28 days rolling", columns: DAILY_COLUMNS.slice(0, 4),
      fill: () => ({ legend: modelLegend(), events: events(), rows: of("satisfaction").filter((row) => row.override_28d_rate != null).map((row) => ({ day: day(row.day), when: row.day, model: nameOf(row.model_id), colour: colour(row.model_id), value: row.override_rate, rolling: row.override_28d_rate })) }) }),
    figure({ title: "Before and after events", chart: "forest_share", wide: true, unit: "change of the declared measure, 14 days after against 14 before, 95 % interval; the newest twenty events; grey: others fall into the windows",
      columns: [["label", "Event"], ["model", "Model"], ["measure", "Measure"], ["value", "Change"], ["low", "From"], ["high", "To"], ["said", "Reads"]],
      fill: () => ({ legend: modelLegend(), rows: of("impacts").slice().sort((a, b) => b.day.localeCompare(a.day)).slice(0, 20).map((row) => ({ label: `${shortWeek(row.day)}, ${row.event_kind.replace("_", " ")}: ${row.title}${chosen().length > 1 ? ` (${nameOf(row.model_id)})` : ""}`, model: nameOf(row.model_id), measure: row.measure, value: row.change, low: row.change_ci_low, high: row.change_ci_high,
        said: row.has_overlapping_events ? "other events fall into the windows" : "no other event near", colour: row.has_overlapping_events ? "var(--none)" : colour(row.model_id) })) }) }),
  ],
  feature_adoption: () => [
    figure({ title: "From eligible to retained", chart: "funnel", unit: "users, newest day; the share of the stage before", columns: [["feature", "Feature"], ["stage", "Stage"], ["value", "Users"], ["label", "Of the stage before"]],
      fill: () => {
        const several = new Set(of("funnel").map((row) => row.feature_id)).size > 1;
        return { rows: of("funnel").filter((row) => row.user_count != null).map((row) => ({ feature: row.feature_id, stage: several ? `${row.feature_id}: ${row.stage}` : row.stage, value: row.user_count, colour: colour(row.model_id),
          label: `${number(row.user_count)}${row.conversion_rate == null ? "" : ` · ${number(100 * row.conversion_rate)} %`}` })) };
      } }),
    figure({ title: "Who came back", chart: "triangle", unit: "share of those who first used it in a week, by weeks after; choose one model to see its own", columns: [["feature", "Feature"], ["cohort", "First use, week of"], ["week_number", "Weeks after"], ["label", "Came back"], ["users", "Users"]],
      fill: () => {
        const sums = new Map();
        for (const row of of("retention")) { if (row.retention_rate == null) continue; const key = `${row.cohort}|${row.week_number}`, sum = sums.get(key) ?? { cohort: row.cohort, week_number: row.week_number, users: 0, back: 0 };
          sum.users += row.cohort_user_count; sum.back += row.retention_rate * row.cohort_user_count; sums.set(key, sum); }
        return { rows: [...sums.values()].filter((row) => row.users).map((row) => ({ ...row, feature: "all chosen", label: `${Math.round(100 * row.back / row.users)}`, ...shade(row.back / row.users, 1) })).sort((a, b) => a.cohort.localeCompare(b.cohort)) };
      } }),
  ],
};

function waterfall() {
  const months = [...new Set(rows("variance").map((row) => row.month))].sort();
  const month = months.filter((one) => of("variance").some((row) => row.month === one && row.is_whole)).at(-1);
  const parts = of("variance").filter((row) => row.month === month);
  if (!month || !parts.length) return [];
  const sum = (name) => parts.reduce((total, row) => total + (row[name] ?? 0), 0);
  const begin = sum("previous_cost_usd"), steps = [["Volume", sum("volume_effect_usd")], ["Mix", sum("mix_effect_usd")], ["Price", sum("price_effect_usd")]];
  const money = (value) => `${value < 0 ? "−" : ""}$${number(Math.abs(value), 4)}`;
  const filled = [{ step: "Before", from: 0, to: begin, top: begin, label: money(begin), colour: "var(--shade-3)" }];
  let at = begin;
  for (const [step, effect] of steps) { filled.push({ step, from: at, to: at + effect, top: Math.max(at, at + effect), label: `${effect > 0 ? "+" : ""}${money(effect)}`, colour: effect > 0 ? "var(--bad)" : "var(--good)" }); at += effect; }
  return [...filled, { step: "After", from: 0, to: at, top: at, label: money(at), colour: "var(--shade-3)" }];
}

// ── words ────────────────────────────────────────────────────────────────────────────────────────

function sentence(kpi) {
  const known = chosen().map((model) => ({ model, cell: cellOf(model.model_id, kpi.kpi_id) })).filter(({ cell }) => cell?.value != null);
  if (!known.length) return `No value in ${periodName(state.period, state.start)}.`;
  const judged = known.filter(({ cell }) => cell.target != null), met = judged.filter(({ cell }) => cell.status === "on_target");
  const missed = judged.filter(({ cell }) => cell.status === "off_target").sort((a, b) => Math.abs(Math.log(b.cell.value / b.cell.target)) - Math.abs(Math.log(a.cell.value / a.cell.target)));
  const parts = [];
  if (known.length === 1) { const { model, cell } = known[0]; parts.push(`${model.model_name}: ${amount(kpi, cell.value)} ${unitWords(kpi)} in ${periodName(state.period, state.start)}${cell.target == null ? "" : `, ${STATUSES[cell.status]} (${amount(kpi, cell.target)})`}.`); }
  else if (judged.length) parts.push(`${met.length} of ${plural(judged.length, "model")} with a target met it in ${periodName(state.period, state.start)}.`);
  else parts.push(`${plural(known.length, "model")} measured in ${periodName(state.period, state.start)}, none with a target.`);
  if (known.length > 1 && missed.length) parts.push(`Furthest off: ${missed[0].model.model_name}, ${amount(kpi, missed[0].cell.value)} against ${amount(kpi, missed[0].cell.target)}.`);
  const moved = known.map(({ model, cell }) => ({ model, cell, before: previous(cell) })).filter(({ cell, before }) => before > 0 && cell.trend && cell.trend !== "steady")
    .sort((a, b) => Math.abs(Math.log(b.cell.value / b.before)) - Math.abs(Math.log(a.cell.value / a.before)))[0];
  if (moved) parts.push(`Largest change: ${moved.model.model_name}, from ${amount(kpi, moved.before)} to ${amount(kpi, moved.cell.value)}, ${moved.cell.trend === "improving" ? "better" : "worse"}.`);
  return parts.join(" ");
}

// ── lists ────────────────────────────────────────────────────────────────────────────────────────

function list(id, title, says, columns, filled, none) {
  byId(id).replaceChildren(h("header", {}, h("h2", {}, title), h("p", { class: "says" }, says)),
    filled.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", {}, h("thead", {}, h("tr", {}, columns.map(([label]) => h("th", { scope: "col" }, label)))),
      h("tbody", {}, filled.map((row) => h("tr", {}, columns.map(([, cell]) => h("td", {}, cell(row)))))))) : h("p", { class: "quiet" }, none));
}

const tag = (text, kind) => h("span", { class: `tag ${kind}` }, text);
const subject = (row) => kpis.find((kpi) => kpi.kpi_id === row.subject_id)?.kpi_name ?? row.subject_id;

function lists() {
  const open = of("alerts").filter((row) => row.status !== "closed");
  list("alerts", "Alerts", open.length ? `${plural(open.length, "alert")} open, ${open.filter((row) => row.severity === "page").length} of them for somebody to look at now.` : "No alert is open.",
    [["Model", (row) => nameOf(row.model_id)], ["What", (row) => [tag(row.severity, row.severity === "page" ? "poor" : "fair"), ` ${subject(row)}`]], ["Since", (row) => dated(row.opened_at)],
     ["Evidence", (row) => row.evidence], ["What to do", (row) => row.recommended_action], ["Owner", (row) => [row.owner ?? "nobody", row.status === "acknowledged" ? " (acknowledged)" : ""].join("")]],
    open, "When a KPI misses its target for a week, an error budget burns or a guardrail is crossed, it stands here.");
  const due = of("gates").filter((row) => row.status !== "not_due");
  const kinds = { passed: "good", failed: "poor", waiting_for_person: "fair", waiting_for_data: "fair" };
  list("gates", "Decision gates", due.length ? `${due.filter((row) => row.status === "passed").length} of ${plural(due.length, "criterion", "criteria")} due are passed, ${due.filter((row) => row.status === "failed").length} failed.` : "No gate is due.",
    [["Model", (row) => nameOf(row.model_id)], ["Gate", (row) => row.gate_name], ["Due", (row) => dated(row.due_date)], ["What must hold", (row) => row.statement], ["Stands", (row) => tag(row.status.replaceAll("_", " "), kinds[row.status])], ["Evidence", (row) => row.evidence ?? "–"]],
    due, "Name a model's launch in the catalog (`launched`) and its gates fall due from there.");
  const steps = ["has_objective", "has_owner", "is_source_connected", "is_identifier_mapped", "is_measured", "is_fresh", "has_baseline", "has_target"];
  const covered = of("coverage"), done = covered.filter((row) => !row.next_step);
  list("coverage", "Instrumentation", `${done.length} of ${covered.length} pairs of model and KPI are measured, owned and steered; the others show their next step.`,
    [["Model", (row) => nameOf(row.model_id)], ["KPI", (row) => kpis.find((kpi) => kpi.kpi_id === row.kpi_id)?.kpi_name], ["Stage", (row) => row.roadmap_stage],
     ["Steps done", (row) => `${steps.filter((step) => row[step]).length} of ${steps.length}`], ["Next", (row) => row.next_step]],
    covered.filter((row) => row.next_step), "Every KPI of every model is in operation.");
  const versions = new Map();
  for (const row of of("versions")) { const key = `${row.model_id}|${row.model_version}`; if (!versions.has(key)) versions.set(key, { ...row, values: {} }); versions.get(key).values[row.kpi_id] = row; }
  list("versions", "Versions side by side", "Each KPI over the days a version served most of the traffic: spans of time, not randomised groups.",
    [["Model", (row) => nameOf(row.model_id)], ["Version", (row) => row.model_version], ["Served", (row) => `${dated(row.first_served_date)} to ${dated(row.last_served_date)}`],
     ...kpis.map((kpi) => [kpi.kpi_name, (row) => amount(kpi, row.values[kpi.kpi_id]?.value)])], [...versions.values()], "The serving logs name no version.");
}

// ── putting it together ──────────────────────────────────────────────────────────────────────────

function build() {
  const sections = [["overview", "Scorecard"], ...kpis.map((kpi) => [`kpi-${kpi.kpi_id}`, kpi.kpi_name]), ["alerts", "Alerts"], ["gates", "Decision gates"], ["coverage", "Instrumentation"], ["versions", "Versions"]];
  byId("main").replaceChildren(...sections.map(([id]) => h("section", { id })));
  for (const kpi of kpis) byId(`kpi-${kpi.kpi_id}`).append(
    h("header", {}, h("p", { class: "quiet" }, kpi.kpi_group), h("h2", {}, kpi.kpi_name), h("p", { class: "says", "data-kpi": kpi.kpi_id }),
      h("details", {}, h("summary", {}, "What this means"), h("p", {}, kpi.definition))),
    h("div", { class: "charts" }, trendFigure(kpi), EXTRA[kpi.kpi_id]?.(kpi) ?? []));
  return sections;
}

function options(select, values, none, picked) {
  select.replaceChildren(...(none == null ? [] : [h("option", { value: "" }, none)]), ...values.map(([value, text]) => h("option", { value, selected: value === picked }, text)));
  select.value = picked;
}

function controls() {
  byId("period").value = state.period;
  options(byId("start"), starts().reverse().map((start) => [start, periodName(state.period, start)]), null, state.start);
  const named = (column) => [...new Set(models.map((model) => model[column]).filter(Boolean))].sort().map((value) => [value, value]);
  options(byId("unit"), named("business_unit"), "All", state.unit);
  options(byId("team"), named("team_id"), "All", state.team);
  options(byId("model"), models.map((model) => [model.model_id, model.model_name]), "All", state.model);
}

function show() {
  readAddress();
  controls();
  overview();
  lists();
  for (const paragraph of document.querySelectorAll("[data-kpi]")) paragraph.textContent = sentence(kpis.find((kpi) => kpi.kpi_id === paragraph.dataset.kpi));
  for (const one of figures) { one.stale = true; one.filled = null; if (one.seen) draw(one); }
  for (const link of byId("contents").children) link.href = address({ at: link.dataset.at });
  if (state.at && byId(state.at)) byId(state.at).scrollIntoView();
  document.title = `${state.model ? `${nameOf(state.model)} · ` : ""}${data.company} · AI workforce scorecard`;
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

async function start() {
  theme(matchMedia("(prefers-color-scheme: dark)").matches);
  byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
  data = await unpack();
  kpis = rows("kpis");
  models = rows("models");
  colours = new Map(models.map((model, i) => [model.model_id, i]));
  cells = new Map(rows("cells").map((cell) => [`${cell.model_id}|${cell.kpi_id}|${cell.period}|${cell.start}`, cell]));
  byId("company").textContent = data.company;
  byId("made").textContent = `Published ${dated(data.made_at)}, ${data.made_at.slice(11, 16)} UTC, from marts that passed their tests. Every number can be looked up in marts.duckdb beside this page.`;
  byId("contents").append(...build().map(([id, text]) => h("a", { "data-at": id, href: `#at=${id}` }, text)));
  for (const name of ["period", "start", "unit", "team", "model"]) byId(name).addEventListener("change", (event) => go({ [name]: event.target.value, ...(name === "period" ? { start: "" } : {}) }));
  byId("reset").addEventListener("click", () => go({ period: "month", start: "", unit: "", team: "", model: "" }));
  addEventListener("hashchange", show);
  addEventListener("beforeprint", () => figures.forEach(draw));
  show();
  document.documentElement.dataset.ready = "yes";
}

start();

// Elements, numbers and days. Every text comes from data and enters the page as text, never as markup.

const DAY = 86_400_000;
const STATUSES = {
  on_target: "on target",
  at_risk: "at risk",
  off_target: "off target",
  no_target: "no target set",
  no_data: "no data",
};
const SHAPES = {
  on_target: '<circle cx="6" cy="6" r="5"/>',
  at_risk: '<path d="M6 1 11.4 11H.6Z"/>',
  off_target: '<rect x="1.5" y="1.5" width="9" height="9"/>',
  no_target: '<circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6"/>',
  no_data: '<rect x="1.5" y="5.2" width="9" height="1.6"/>',
};

const byId = (id) => document.getElementById(id);

/** An element; `on…` attributes are listeners, children that are null or false are left out. */
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

/** A drawing from our own constants and numbers. */
function svg(inner, attributes) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`;
  const element = holder.content.firstChild;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const MARKS = Object.fromEntries(
  Object.entries(SHAPES).map(([status, shape]) => [
    status,
    svg(shape, { class: "mark", viewBox: "0 0 12 12", fill: "currentColor", "aria-hidden": "true" }),
  ]),
);
const mark = (status) => MARKS[status].cloneNode(true);
const tag = (text, kind) => h("span", { class: `tag ${kind}` }, text);

// ── days ──

const day = (text) => new Date(`${text}T00:00:00Z`);
const iso = (date) => new Date(date).toISOString().slice(0, 10);
const formats = new Map();

/** A day in English; a formatter is made once: making one takes longer than a thousand uses. */
function said(date, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }));
  return formats.get(key).format(typeof date === "string" ? day(date.slice(0, 10)) : date);
}

const dated = (text) => (text ? said(text, { day: "numeric", month: "long", year: "numeric" }) : "–");
const shortDay = (date) => said(date, { day: "numeric", month: "short" });
const shortMonth = (text) => said(text, { month: "short", year: "numeric" });
const monday = (date) => +date - ((new Date(date).getUTCDay() + 6) % 7) * DAY;

function periodName(period, start) {
  if (!start) return "no period";
  if (period === "quarter") return `quarter ${Math.floor(day(start).getUTCMonth() / 3) + 1} of ${start.slice(0, 4)}`;
  if (period === "month") return said(start, { month: "long", year: "numeric" });
  return `the week of ${dated(start)}`;
}

// ── numbers ──

const ratio = (numerator, denominator) => (numerator == null || !denominator ? null : numerator / denominator);
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const FIVE_DIGITS = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 });
const signed = (text) => text.replace("-", "−");

const plural = (count, one, many = `${one}s`) => `${WHOLE.format(count)} ${count === 1 ? one : many}`;

/** A number as people read it: three digits, or whole, or in millions. */
function number(value, digits = 3) {
  if (value == null) return "–";
  const size = Math.abs(value);
  for (const [unit, from] of [
    ["bn", 1e9],
    ["m", 1e6],
  ]) {
    if (size >= from) return signed(`${Number((value / from).toPrecision(digits))} ${unit}`);
  }
  return signed(size >= 1000 ? WHOLE.format(value) : String(Number(value.toPrecision(digits))));
}

/** A number as a table shows it: everything the page has of it. */
const exact = (value) => signed(FIVE_DIGITS.format(value));
const share = (value, digits = 3) => (value == null ? "–" : `${number(100 * value, digits)} %`);
const money = (value, digits = 3) =>
  value == null ? "–" : `${value < 0 ? "−" : ""}$${number(Math.abs(value), digits)}`;
const change = (value) => `${value > 0 ? "+" : ""}${share(value)}`;
const duration = (hours) => (hours < 48 ? `${number(hours, 2)} h` : `${number(hours / 24, 2)} d`);

const isShare = (kpi) => kpi.unit.startsWith("share");
const isMoney = (kpi) => kpi.unit.startsWith("USD");
const amount = (kpi, value) => (isShare(kpi) ? share(value) : isMoney(kpi) ? money(value) : number(value));
/** What stands small behind an amount: `/h`, `/month`, `h`. */
function unitOf(kpi) {
  if (kpi.unit === "hours") return "h";
  const every = / (?:per|a) (\w+)$/.exec(kpi.unit)?.[1];
  return every && every !== "prediction" ? `/${every === "hour" ? "h" : every}` : "";
}
const amountOf = (kpi, value) => {
  const unit = unitOf(kpi);
  return `${amount(kpi, value)}${unit && value != null ? (unit.startsWith("/") ? unit : ` ${unit}`) : ""}`;
};
/** How an axis writes its numbers, in d3's words. */
const axis = (kpi, most) =>
  isShare(kpi) ? (most < 0.04 ? ".1%" : ".0%") : `${isMoney(kpi) ? "$" : ""}~${most >= 1000 ? "s" : "r"}`;

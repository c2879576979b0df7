// How numbers, days and a KPI's amounts are written. Pure: no data, no filter, no element.

export const DAY = 86_400_000;

/** The start of a day, in UTC, of its ISO text; `isoDay` is the way back. */
export const day = (text) => new Date(`${text}T00:00:00Z`);
export const isoDay = (date) => new Date(date).toISOString().slice(0, 10);
const formats = new Map();

/** A day in English; a formatter is kept: making one takes longer than a thousand uses. */
function formatDate(date, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }));
  return formats.get(key).format(typeof date === "string" ? day(date.slice(0, 10)) : date);
}

export const longDay = (text) => (text ? formatDate(text, { day: "numeric", month: "long", year: "numeric" }) : "–");
export const shortDay = (date) => formatDate(date, { day: "numeric", month: "short" });
export const shortMonth = (text) => formatDate(text, { month: "short", year: "numeric" });
export const monday = (date) => +date - ((new Date(date).getUTCDay() + 6) % 7) * DAY;

export function periodName(period, start) {
  if (!start) return "no period";
  if (period === "quarter") return `Q${Math.floor(day(start).getUTCMonth() / 3) + 1} ${start.slice(0, 4)}`;
  if (period === "month") return formatDate(start, { month: "long", year: "numeric" });
  return `the week of ${longDay(start)}`;
}

// ── numbers ──

const PLAIN = new Intl.NumberFormat("en-US", { maximumFractionDigits: 20 });
export const ratio = (numerator, denominator) => (numerator == null || !denominator ? null : numerator / denominator);
export const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const signed = (text) => text.replace("-", "−");

/** What stands for an accuracy of a handful of labels. */
export const TOO_FEW = "too few labels";
export const plural = (count, one, many = `${one}s`) => `${WHOLE.format(count)} ${count === 1 ? one : many}`;

export const withArticle = (noun) => `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;

/** A number as people read it: three digits, or whole, or in millions. */
export function number(value, digits = 3) {
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

/** A number as a table or a list of facts shows it: as everywhere else, and never in millions; the file has all the page has of it. */
export function tabled(value) {
  if (value == null) return "–";
  return signed(Math.abs(value) >= 1000 ? WHOLE.format(value) : PLAIN.format(Number(value.toPrecision(3))));
}
/** A share in per cent; one that is nearly all of a whole is not rounded to it: 99.95 %. */
export const share = (value, digits = 3) => {
  if (value == null) return "–";
  const rest = 1 - value;
  if (rest > 0 && rest < 0.005) return `${(100 * value).toFixed(Math.min(6, -Math.floor(Math.log10(rest)) - 2))} %`;
  return `${number(100 * value, digits)} %`;
};
export const money = (value, digits = 3) =>
  value == null ? "–" : `${value < 0 ? "−" : ""}$${number(Math.abs(value), digits)}`;
export const change = (value) => `${value > 0 ? "+" : ""}${share(value)}`;
const GRADES = {
  randomised: "A/B test",
  quasi_experiment: "quasi-experiment",
  modelled: "modelled",
  declared: "unverified claim",
};
/** How good the evidence for a value is, as reviews name it. */
export const gradeName = (grade) => GRADES[grade] ?? grade ?? "–";
export const duration = (hours) => (hours < 48 ? `${number(hours)} h` : `${number(hours / 24)} d`);

const isShare = (kpi) => kpi.unit.startsWith("share");
const isMoney = (kpi) => kpi.unit.startsWith("USD");
export const amount = (kpi, value) => (isShare(kpi) ? share(value) : isMoney(kpi) ? money(value) : number(value));
/** What stands small behind an amount: `/h`, `/month`, `h`. */
export function unitOf(kpi) {
  if (kpi.unit === "hours") return "h";
  const every = / (?:per|a) (\w+)$/.exec(kpi.unit)?.[1];
  return every && every !== "prediction" ? `/${every === "hour" ? "h" : every}` : "";
}
export const amountOf = (kpi, value) => {
  const unit = unitOf(kpi);
  return `${amount(kpi, value)}${unit && value != null ? (unit.startsWith("/") ? unit : ` ${unit}`) : ""}`;
};
/** Whether an amount is a month's that less than the month was scaled up to; `cell` is one of the scorecard. */
export const isMonthly = (kpi) => / (?:per|a) month$/.test(kpi.unit);
export const isRunRate = (kpi, cell) => isMonthly(kpi) && (cell.period === "week" || !(cell.is_whole ?? true));
/** A cell's value as text, named a run rate where it is one. */
export const cellAmount = (kpi, cell) =>
  `${amountOf(kpi, cell.value)}${cell.value != null && isRunRate(kpi, cell) ? " (run rate)" : ""}`;
/** How an axis writes its numbers, in d3's words. */
export const axisFormat = (kpi, most) =>
  isShare(kpi) ? (most < 0.04 ? ".1%" : ".0%") : `${isMoney(kpi) ? "$" : ""}~${most >= 1000 ? "s" : "r"}`;

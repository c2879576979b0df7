// Figures of efficiency: what a prediction costs and why, when incidents begin and how long they take.

import { cached, grouped, nameOf, rows, sumOf } from "../data.js";
import { chartWindow, inWindow, recentMonths, shownWeeks } from "../days.js";
import { STATUSES } from "../dom.js";
import { figure, PART, rulersOf } from "../figure.js";
import { chosenModels, chosenRows, distinct, state } from "../filters.js";
import { DAY, day, duration, isoDay, monday, money, number, plural, ratio, shortDay, shortMonth } from "../format.js";
import { most, onePanel, partLegend, shade } from "../panels.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Instance type → its colour: the dearest seven have one each. */
function instanceColours() {
  const sums = [...grouped(costRows(), (row) => row.instance_type ?? "–")].map(([part, mine]) => [
    part,
    sumOf(mine, "compute_cost_usd"),
  ]);
  return new Map(sums.sort((a, b) => b[1] - a[1]).map(([part], i) => [part, i < 7 ? PART(i) : "var(--none)"]));
}
const costRows = () =>
  inWindow(chosenRows("costs"), "week", 7).filter((row) => !state.instance || row.instance_type === state.instance);

export function costParts(value) {
  const colours = instanceColours();
  return [...grouped(costRows(), (row) => `${row.week}|${row.instance_type}`).values()]
    .map((mine) => {
      const [{ week, instance_type: part }] = mine;
      const cost = sumOf(mine, "compute_cost_usd");
      const predictions = sumOf(mine, "prediction_count");
      const colour = colours.get(part ?? "–");
      return { at: week, part: part ?? "–", cost, predictions, each: ratio(cost, predictions), colour, fill: colour };
    })
    .filter((row) => row[value])
    .sort((a, b) => a.at.localeCompare(b.at) || a.part.localeCompare(b.part));
}

const COST_COLUMNS = [
  ["at", "Week of"],
  ["part", "Instance type"],
  ["cost", "Compute cost, USD"],
  ["predictions", "Predictions"],
  ["each", "USD per prediction"],
];
const instanceKey = (panels) =>
  [...new Map(panels.flatMap((panel) => panel.rows.map((row) => [row.part, row.colour])))].map(([part, colour]) => [
    part,
    colour,
    "square",
  ]);

export const costFigures = () => [
  figure({
    title: "Cost per prediction by instance type",
    how: "USD, by week, all chosen models",
    chart: "lines",
    by: ["instance", "version"],
    columns: COST_COLUMNS,
    legend: instanceKey,
    panels: () => {
      const filled = costParts("each").map((row) => ({
        ...row,
        day: +day(row.at),
        when: `week of ${shortDay(row.at)}`,
        value: row.each,
      }));
      return onePanel(filled, {
        number: `$~${most(filled, "value") >= 1000 ? "s" : "r"}`,
        rulers: rulersOf(filled, (row) => `${row.part}: ${money(row.value)}`, 7 * DAY),
      });
    },
  }),
  figure({
    title: "Compute cost by instance type",
    how: "USD a week, all chosen models",
    chart: "bars",
    by: ["instance", "version"],
    columns: COST_COLUMNS,
    legend: instanceKey,
    panels: () => {
      const filled = costParts("cost").map((row) => ({
        ...row,
        week: shortDay(row.at),
        value: row.cost,
        tip: `week of ${shortDay(row.at)}\n${row.part}: ${money(row.cost, 4)}`,
      }));
      return onePanel(filled, { number: "$~s" });
    },
  }),
  figure({
    title: "What moved the compute cost",
    how: "USD, from the month before to the last whole one",
    chart: "waterfall",
    wide: true,
    alone: 200,
    columns: [
      ["month", "Month"],
      ["step", "Step"],
      ["amount", "USD"],
    ],
    says: ([panel]) => {
      if (!panel) return "";
      const parts = panel.rows.slice(1, -1);
      const largest = parts.reduce((best, row) => (Math.abs(row.amount) > Math.abs(best.amount) ? row : best));
      return `${shortMonth(`${panel.rows[0].month}-01`)} against the month before: mostly ${largest.step.toLowerCase()} (${largest.label}).`;
    },
    legend: () => [
      ["Volume effect", "var(--soft)", "none"],
      ["Mix: on which machines", "var(--soft)", "none"],
      ["Price: what a machine costs for it", "var(--soft)", "none"],
    ],
    panels: () => onePanel(waterfall(), { number: "$~s" }),
  }),
];

/** The steps from one month's cost to the next: before, the three effects, after. */
export function waterfall() {
  const known = recentMonths(chosenRows("variance")).filter((row) => row.is_whole);
  const month = known
    .map((row) => row.month)
    .sort()
    .at(-1);
  const parts = known.filter((row) => row.month === month);
  if (!parts.length) return [];
  const step = (name, from, amount, isEffect) => ({
    month: month.slice(0, 7),
    step: name,
    from,
    to: from + amount,
    top: Math.max(from, from + amount),
    amount,
    label: `${isEffect && amount > 0 ? "+" : ""}${money(amount, 4)}`,
    tip: `${name}: ${money(amount, 5)}`,
    colour: isEffect ? (amount > 0 ? "var(--bad)" : "var(--good)") : "var(--shade-3)",
  });
  const steps = [step("Before", 0, sumOf(parts, "previous_cost_usd"), false)];
  for (const [name, column] of [
    ["Volume", "volume_effect_usd"],
    ["Mix", "mix_effect_usd"],
    ["Price", "price_effect_usd"],
  ])
    steps.push(step(name, steps.at(-1).to, sumOf(parts, column), true));
  return [...steps, step("After", 0, sumOf(parts, "compute_cost_usd"), false)];
}

const SHADES = { on_target: "var(--good-wash)", at_risk: "var(--warn-wash)", off_target: "var(--bad-wash)" };
const STATE_TONES = { "on target": "good", "at risk": "fair", "off target": "poor" };

const incidents = () => inWindow(chosenRows("incidents"), "started_at");

export const incidentFigures = () => [
  figure({
    title: "When incidents begin",
    how: "incidents by weekday and hour, UTC",
    chart: "heatmap",
    columns: [
      ["weekday", "Day"],
      ["hour", "Hour"],
      ["count", "Incidents"],
    ],
    says: (panels) => {
      const night = panels
        .flatMap((panel) => panel.rows)
        .reduce((sum, row) => sum + (row.hour < 7 || row.hour >= 19 ? row.count : 0), 0);
      const all = incidents().length;
      return all ? `${night} of ${plural(all, "incident")} began between 19:00 and 7:00.` : "";
    },
    panels: () => {
      const mine = grouped(
        incidents(),
        (row) =>
          `${WEEKDAYS[(new Date(row.started_at).getUTCDay() + 6) % 7]}|${new Date(row.started_at).getUTCHours()}`,
      );
      const top = Math.max(1, ...[...mine.values()].map((list) => list.length));
      return onePanel(
        !incidents().length
          ? []
          : WEEKDAYS.flatMap((weekday) =>
              Array.from({ length: 24 }, (_, hour) => {
                const count = mine.get(`${weekday}|${hour}`)?.length ?? 0;
                return {
                  weekday,
                  hour,
                  count,
                  x: hour,
                  y: weekday,
                  label: count || "",
                  ...shade(count, top),
                  tip: `${weekday}, ${hour}:00\n${plural(count, "incident")}`,
                };
              }),
            ),
        { height: 190 },
      );
    },
  }),
  figure({
    title: "Incidents by model and week",
    how: "incidents; an empty week had none",
    chart: "heatmap",
    columns: [
      ["model", "Model"],
      ["week", "Week of"],
      ["count", "Incidents"],
    ],
    panels: () => {
      const mine = grouped(incidents(), (row) => `${row.model_id}|${isoDay(monday(new Date(row.started_at)))}`);
      const top = Math.max(1, ...[...mine.values()].map((list) => list.length));
      const hit = new Set(incidents().map((row) => row.model_id));
      const shown = chosenModels().filter((model) => chosenModels().length <= 20 || hit.has(model.model_id));
      return onePanel(
        !incidents().length
          ? []
          : shown.flatMap((model) =>
              shownWeeks().map((week) => {
                const count = mine.get(`${model.model_id}|${week}`)?.length ?? 0;
                return {
                  model: model.model_name,
                  week,
                  count,
                  x: shortDay(week),
                  y: model.model_name,
                  label: count || "",
                  ...shade(count, top),
                  tip: `${model.model_name}, week of ${shortDay(week)}\n${plural(count, "incident")}`,
                };
              }),
            ),
        { height: Math.max(60, 27 * shown.length) },
      );
    },
  }),
  figure({
    title: "Time to resolve by severity",
    how: "mean hours, by the month of resolution, all chosen models",
    chart: "grouped",
    columns: [
      ["month", "Month"],
      ["part", "Severity"],
      ["value", "Mean hours"],
      ["target", "Target, hours"],
      ["n", "Incidents"],
    ],
    legend: (panels) => [
      ...partLegend(severities()),
      ...(panels.some((panel) => panel.rows.some((row) => row.target != null))
        ? [["target of these incidents", "var(--ink)", "line"]]
        : []),
    ],
    panels: () => {
      const filled = [...grouped(recentMonths(chosenRows("repairs")), (row) => `${row.month}|${row.severity}`).values()]
        .map((mine) => {
          const [{ month, severity: part }] = mine;
          const n = sumOf(mine, "resolved_count");
          const value = ratio(sumOf(mine, "resolve_hours"), n);
          const ended = mine.filter((row) => row.resolved_count);
          const wanted = ended.map((row) => ({ hours: row.target_hours * row.resolved_count }));
          const target = ended.every((row) => row.target_hours != null) ? ratio(sumOf(wanted, "hours"), n) : null;
          return {
            month: month.slice(0, 7),
            group: shortMonth(month),
            part,
            n,
            value,
            target,
            colour: PART(severities().indexOf(part)),
            tip: `${shortMonth(month)}, ${part}\n${duration(value)} of ${plural(n, "incident")}${target == null ? "" : `\ntarget ${duration(target)}`}`,
          };
        })
        .filter((row) => row.n)
        .sort((a, b) => a.month.localeCompare(b.month));
      const none = (month, part) => ({
        group: shortMonth(month),
        value: 0,
        tip: `${shortMonth(month)}, ${part}\nno incident`,
      });
      return onePanel(bySeverity(filled, "month", none), { height: 140 });
    },
  }),
  figure({
    title: "Time to resolve against target",
    how: "mean hours and target by severity, of the incidents resolved in the period's last month",
    chart: "heatmap",
    columns: [
      ["model", "Model"],
      ["month", "Month"],
      ["part", "Severity"],
      ["value", "Mean hours"],
      ["target", "Target, hours"],
      ["n", "Incidents"],
      ["state", "Status", STATE_TONES],
    ],
    legend: () => [
      ["on target", "var(--good)", "square"],
      ["at risk", "var(--warn)", "square"],
      ["off target", "var(--bad)", "square"],
      ["no target by severity", "var(--none)", "square"],
    ],
    panels: () => {
      const month = isoDay(chartWindow().to).slice(0, 7);
      const filled = chosenRows("repairs")
        .filter((row) => row.month.startsWith(month) && row.resolved_count)
        .map((row) => {
          const value = ratio(row.resolve_hours, row.resolved_count);
          const target = row.target_hours;
          return {
            model: nameOf(row.model_id),
            month,
            part: row.severity,
            value,
            target,
            n: row.resolved_count,
            state: row.status && STATUSES[row.status],
            x: row.severity,
            y: nameOf(row.model_id),
            label: `${number(value)}${target == null ? "" : ` / ${number(target)}`} h`,
            shade: SHADES[row.status] ?? "var(--shade-0)",
            text: row.status ? "var(--ink)" : "var(--soft)",
            tip: `${nameOf(row.model_id)}, ${row.severity}\n${duration(value)} of ${plural(row.resolved_count, "incident")}${target == null ? "\nno target by severity" : `\ntarget ${duration(target)}: ${STATUSES[row.status]}`}`,
          };
        })
        .sort((a, b) => a.model.localeCompare(b.model));
      const none = (model, part) => ({
        x: part,
        y: model,
        label: "",
        shade: "var(--shade-0)",
        tip: `${model}, ${part}\nno incident resolved`,
      });
      return onePanel(bySeverity(filled, "model", none), {
        height: Math.max(60, 27 * distinct(filled.map((row) => row.y)).length),
      });
    },
  }),
  figure({
    title: "Incidents",
    how: "open ones first, then the newest",
    columns: [
      ["state", "Status", { open: "poor", resolved: "good" }],
      ["model", "Model"],
      ["severity", "Severity"],
      ["title", "What"],
      ["began", "Began, UTC"],
      ["hours", "Hours to resolve", number],
    ],
    panels: () =>
      onePanel(
        incidents()
          .map((row) => ({
            state: row.is_open ? "open" : "resolved",
            model: nameOf(row.model_id),
            severity: row.severity,
            title: row.title,
            began: row.started_at.replace("T", " ").replace("Z", ""),
            hours: row.resolve_hours,
            links: { title: row.url },
          }))
          .sort((a, b) => a.state.localeCompare(b.state) || b.began.localeCompare(a.began)),
      ),
  }),
];
/** The most severe first: P1 to P5, SEV1 and so on. */
const severities = () =>
  cached("severities", () => distinct(rows("repairs").map((row) => row.severity)).sort((a, b) => a.localeCompare(b)));

/**
 * For each month or model of `filled`, its rows in the order of severity. A severity it lacks gets what `none` returns, which
 * no table lists: a chart puts severities in the order in which it meets them.
 */
export function bySeverity(filled, by, none) {
  const parts = severities().filter((part) => filled.some((row) => row.part === part));
  return distinct(filled.map((row) => row[by])).flatMap((at) =>
    parts.map(
      (part) =>
        filled.find((row) => row[by] === at && row.part === part) ?? {
          [by]: at,
          part,
          unlisted: true,
          ...none(at, part),
        },
    ),
  );
}

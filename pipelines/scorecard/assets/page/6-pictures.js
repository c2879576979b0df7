// The pictures of the ten KPIs, in the order they are read, and the lists after them: rows in, panels out.

const PERIOD_KEY = ["chosen period", "var(--accent)", "wash"];
const URGENCY = ["off_target", "at_risk", "no_target", "on_target", "no_data"];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WAKING = ["P1", "P2", "SEV1", "SEV2", "critical", "high"]; // of many incidents, charts mark those somebody was woken for

/** A panel for each chosen model that has rows; where they are many, those that need attention first. */
function modelPanels(make, kpi) {
  const panels = chosen().map((model) => {
    const cell = kpi && cellOf(model.model_id, kpi.kpi_id);
    return { key: model.model_id, title: isOne() ? null : model.model_name, href: address({ model: model.model_id }), status: cell?.status,
      note: cell?.value == null ? "" : `${amountOf(kpi, cell.value)}${cell.target == null ? "" : `, target ${amount(kpi, cell.target)}`}`,
      ...make(model) };
  }).filter((panel) => panel.rows.length);
  if (!kpi || panels.length <= PANELS) return panels;
  return panels.sort((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status));
}

const EVENT_KEY = [["release", "var(--ink)", "dot"], ["grave incident", "var(--bad)", "down"], ["campaign, price, holiday", "var(--soft)", "square"]];

function eventsOf(model) {
  return within(rowsOf("annotations", model), "day").filter((row) => row.kind !== "incident" || WAKING.includes(row.note)).map((row) => ({
    day: +day(row.day), tip: `${shortDay(row.day)}\n${row.kind.replace("_", " ")}: ${row.title}`,
    ...({ release: { colour: "var(--ink)", shape: "circle" }, incident: { colour: "var(--bad)", shape: "triangle-down" } }[row.kind]
      ?? { colour: "var(--soft)", shape: "square" }) }));
}

/** Month → the KPI's target for the model. */
const targetsOf = (model, kpi) => new Map(starts("month").map((start) =>
  [start.slice(0, 7), cells().get(`${model}|${kpi}|month|${start}`)?.target ?? null]));

const most = (list, ...names) => list.reduce((top, row) => Math.max(top, ...names.map((name) => Math.abs(row[name] ?? 0))), 0);

// ── a KPI by day ──

/** How each KPI is read by day: over how many days, and whether a single day says anything. */
const DAILY = {
  throughput: { days: 7 }, cost_per_prediction: { days: 7 }, business_value: { days: 28 }, accuracy: { days: 28, chart: "level" },
  deployment_cadence: { days: 28, bare: true }, mttr: { days: 28, bare: true }, drift_rate: { days: 28, bare: true },
  npv: { days: 1, bare: true, chart: "level", called: "as known that day" },
};

function dailyRows(model, kpi, { days, bare }) {
  const sums = data.cube.sums[model.model_id]?.[kpi.kpi_id];
  if (!sums) return [];
  const { from, to } = windows(), targets = targetsOf(model.model_id, kpi.kpi_id), filled = [];
  for (let at = from; at <= to; at += DAY) {
    const i = Math.round((at - firstDay()) / DAY), when = iso(at);
    let n = 0, d = 0;
    for (let j = Math.max(0, i - days + 1); j <= i; j++) { n += sums[0][j] ?? 0; d += sums[1][j] ?? 0; }
    filled.push({ day: at, when, model: model.model_name, value: bare ? null : ratio(sums[0][i], sums[1][i]), rolling: d > 1e-9 ? n / d : null,
      target: targets.get(when.slice(0, 7)) });
  }
  return filled.some((row) => row.rolling != null) ? filled : [];
}

/** Users are distinct and means have intervals: what does not add up over days the mart has rolled already. */
const ROLLED = {
  feature_adoption: (model, kpi) => ({ table: "adoption", chart: "trend", select: (row) => row.adoption_28d_rate != null,
    read: (row) => ({ value: row.adoption_1d_rate, rolling: row.adoption_28d_rate, target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)) }) }),
  satisfaction: (model, kpi) => ({ table: "satisfaction", chart: "level", select: (row) => row.satisfaction_28d != null,
    read: (row) => ({ value: row.satisfaction, rolling: row.satisfaction_28d, low: row.satisfaction_28d_ci_low, high: row.satisfaction_28d_ci_high,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)) }) }),
};

function rolledRows(model, kpi) {
  const { table, select, read } = ROLLED[kpi.kpi_id](model, kpi);
  return within(rowsOf(table, model.model_id), "day").filter(select).map((row) =>
    ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }));
}

function trendFigure(kpi) {
  const rolled = ROLLED[kpi.kpi_id], { days, bare, chart, called } = rolled ? { days: 28, chart: rolled({}, kpi).chart } : DAILY[kpi.kpi_id] ?? { days: 28 };
  const words = called ?? `${days} days rolling`, tell = (value) => amountOf(kpi, value);
  return figure({ title: `${kpi.kpi_name} by day`, wide: true, how: kpi.unit, chart: chart ?? "trend", by: ["version"],
    columns: [["when", "Day"], ["model", "Model"], ...(bare ? [] : [["value", "That day"]]), ["rolling", words[0].toUpperCase() + words.slice(1)],
      ...(kpi.kpi_id === "satisfaction" ? [["low", "From"], ["high", "To"]] : []), ["target", "Target"]],
    legend: (panels) => [[words, "var(--accent)", "line"], ...(bare ? [] : [["single day", "var(--thin)", "thin"]]), ["target", "var(--ink)", "dash"],
      ...(panels.some((panel) => panel.rows.some((row) => row.low != null)) ? [["95 % interval", "var(--accent)", "band"]] : []), PERIOD_KEY, ...EVENT_KEY],
    panels: () => modelPanels((model) => {
      const filled = rolled ? rolledRows(model, kpi) : dailyRows(model, kpi, { days, bare });
      return { rows: filled, events: eventsOf(model.model_id), number: axis(kpi, most(filled, "rolling", "value")), rulers: rulersOf(filled, (row) => [
        `${words}: ${tell(row.rolling)}`, row.value != null && `that day: ${tell(row.value)}`,
        row.low != null && `95 %: ${tell(row.low)} to ${tell(row.high)}`, row.target != null && `target: ${tell(row.target)}`].filter(Boolean).join("\n")) };
    }, kpi) });
}

/** A measure by day that is no KPI: one panel a model. */
function dayFigure({ table, read, columns, tell, number: numbers, chart = "trend", ...rest }) {
  return figure({ wide: true, chart, by: ["version"], columns: [["when", "Day"], ["model", "Model"], ...columns], ...rest,
    panels: () => modelPanels((model) => {
      const filled = within(rowsOf(table, model.model_id), "day").map((row) => ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }))
        .filter((row) => row.rolling != null);
      return { rows: filled, events: eventsOf(model.model_id), number: numbers, rulers: rulersOf(filled, tell) };
    }) });
}

function shade(value, top) {
  if (!value) return { shade: "var(--shade-0)", text: "var(--soft)" };
  const step = Math.max(1, Math.min(4, Math.ceil(4 * value / top)));
  return { shade: `var(--shade-${step})`, text: step >= 3 ? "var(--on-shade)" : "var(--ink)" };
}

const single = (filled, more) => [{ key: "all", rows: filled, ...more }];
const parted = (parts) => parts.map((part, i) => [part, PART(i), "square"]);

// ── productivity ──

/** The last days of a model hour by hour: the same whatever period is chosen. */
const hours = (model) => once(`hours ${model.model_id}`, () => {
  const filled = rowsOf("hours", model.model_id).map((row) => ({ day: +new Date(row.hour), when: row.hour.replace("T", " ").replace("Z", ""), model: model.model_name,
    value: row.predictions_per_hour, rolling: row.predictions_per_hour_24h, target: row.predictions_per_hour_p95_28d, spike: row.is_spike ? row.predictions_per_hour : null }));
  return { rows: filled, rulers: rulersOf(filled, (row) => `${number(row.value)} an hour${row.spike == null ? "" : ", a spike"}\n24 hours rolling: ${number(row.rolling)}`, DAY / 24) };
});

const throughput = () => [
  figure({ title: "Hour by hour, the last fourteen days", how: "predictions per hour", chart: "trend", wide: true,
    columns: [["when", "Hour"], ["model", "Model"], ["value", "Predictions per hour"], ["rolling", "24 h rolling"], ["target", "95th percentile of 28 days"], ["spike", "Spike"]],
    legend: () => [["24 hours rolling", "var(--accent)", "line"], ["hour", "var(--thin)", "thin"], ["95th percentile of the 28 days before", "var(--ink)", "dash"], ["spike above it", "var(--warn)", "up"]],
    panels: () => modelPanels((model) => ({ ...hours(model), whole: true })) }),
  dayFigure({ title: "Latency", how: "milliseconds, as the slowest 5 % have it", table: "latency",
    read: (row) => ({ value: row.latency_p50_ms, rolling: row.latency_p95_ms, slow: row.latency_p99_ms, target: row.latency_target_ms }),
    columns: [["value", "p50, ms"], ["rolling", "p95, ms"], ["slow", "p99, ms"], ["target", "Promised p95, ms"]],
    legend: () => [["95th percentile", "var(--accent)", "line"], ["median", "var(--thin)", "thin"], ["promised 95th percentile", "var(--ink)", "dash"], PERIOD_KEY, ...EVENT_KEY],
    tell: (row) => `95th percentile: ${number(row.rolling)} ms\nmedian: ${number(row.value)} ms\n99th: ${number(row.slow)} ms${row.target == null ? "" : `\npromised: ${number(row.target)} ms`}` }),
];

const DEPLOYED = { rollback: "triangle-down", roll_forward: "triangle-up" };

const cadence = () => [
  figure({ title: "Release calendar", how: "a dot a day, a mark a deployment", chart: "calendar", wide: true, by: ["version"],
    columns: [["when", "Deployed"], ["model", "Model"], ["version", "Version"], ["kind", "What"], ["lead", "Lead time, hours"], ["failure", "Incident after it"]],
    legend: () => [["release", "var(--accent)", "dot"], ["roll forward", "var(--accent)", "up"], ["rollback", "var(--accent)", "down"], ["an incident followed", "var(--bad)", "dot"]],
    says: (panels) => {
      const marks = panels.flatMap((panel) => panel.rows).filter((row) => row.shape), back = marks.filter((row) => row.shape === DEPLOYED.rollback).length;
      return marks.length ? `${plural(marks.length, "deployment")}, ${back ? plural(back, "of them a rollback", "of them rollbacks") : "no rollback"}; ${marks.filter((row) => row.failure === "yes").length} followed by an incident.` : "";
    },
    panels: () => {
      const { from, to } = windows(), marks = within(of("deployments"), "day").map((row) => ({ day: +day(row.day), when: row.day, label: nameOf(row.model_id), model: nameOf(row.model_id),
        version: row.version, kind: row.deployment_kind.replace("_", " "), shape: DEPLOYED[row.deployment_kind] ?? "circle", lead: row.lead_hours,
        failure: row.is_change_failure == null ? "too early to say" : row.is_change_failure ? "yes" : "no", colour: row.is_change_failure ? "var(--bad)" : "var(--accent)",
        tip: [`${nameOf(row.model_id)}, ${row.version}`, `${row.deployment_kind.replace("_", " ")}, ${dated(row.day)}`, row.lead_hours != null && `lead time ${duration(row.lead_hours)}`, row.is_change_failure && "an incident followed"].filter(Boolean).join("\n") }));
      const named = new Set(marks.map((row) => row.label)), shown = chosen().map((model) => model.model_name).filter((name) => chosen().length <= 20 || named.has(name));
      const dots = shown.flatMap((label) => Array.from({ length: Math.floor((to - from) / DAY) + 1 }, (_, i) => ({ day: from + i * DAY, label, unlisted: true })));
      return single(marks.length ? [...dots, ...marks] : [], { height: 40 * shown.length });
    } }),
  figure({ title: "Lead time", how: "hours from registered to serving: median, to the 90th percentile of the period's last month", chart: "forest", by: [],
    columns: [["month", "Month"], ["model", "Model"], ["value", "Median, hours"], ["high", "90th percentile, hours"], ["n", "Releases"]],
    panels: () => {
      const month = iso(windows().to).slice(0, 7), filled = of("cadence").filter((row) => row.month.startsWith(month) && row.lead_known_count).map((row) => ({ label: nameOf(row.model_id), model: nameOf(row.model_id),
        month: row.month.slice(0, 7), low: row.median_lead_hours, value: row.median_lead_hours, high: row.p90_lead_hours, n: row.lead_known_count, colour: "var(--accent)",
        tip: `${nameOf(row.model_id)}\nmedian ${duration(row.median_lead_hours)}, 90th percentile ${duration(row.p90_lead_hours)}\nof ${plural(row.lead_known_count, "release")}` }));
      return single(filled, { height: 34 * filled.length });
    } }),
  figure({ title: "Rollbacks and failed changes", how: "of the month's deployments, all chosen models", chart: "grouped",
    columns: [["month", "Month"], ["part", "What"], ["value", "Share"], ["n", "Deployments"]],
    legend: () => parted(["rolled back to an earlier version", "followed by an incident, or rolled back"]),
    panels: () => {
      const parts = [["rolled back to an earlier version", "rollback_count", "deployment_count"], ["followed by an incident, or rolled back", "change_failure_count", "change_judged_count"]];
      const filled = [...grouped(monthly(of("cadence")), (row) => row.month)].sort(([a], [b]) => a.localeCompare(b)).flatMap(([month, mine]) => parts.map(([part, top, bottom], i) => {
        const sum = (name) => mine.reduce((total, row) => total + (row[name] ?? 0), 0);
        return { month: month.slice(0, 7), group: shortMonth(month), part, colour: PART(i), n: sum(bottom), value: ratio(sum(top), sum(bottom)),
          tip: `${shortMonth(month)}\n${sum(top)} of ${sum(bottom)} ${part}` };
      })).filter((row) => row.value != null);
      return single(filled, { number: ".0%" });
    } }),
];

// ── efficiency ──

/** Instance type → its colour: the dearest seven have one each. */
function instanceColours() {
  const sums = [...grouped(costRows(), (row) => row.instance_type ?? "–")].map(([part, mine]) => [part, mine.reduce((sum, row) => sum + (row.compute_cost_usd ?? 0), 0)]);
  return new Map(sums.sort((a, b) => b[1] - a[1]).map(([part], i) => [part, i < 7 ? PART(i) : "var(--none)"]));
}
const costRows = () => within(of("costs"), "week", 7).filter((row) => !state.instance || row.instance_type === state.instance);

function costParts(value) {
  const colours = instanceColours();
  return [...grouped(costRows(), (row) => `${row.week}|${row.instance_type}`).values()].map((mine) => {
    const sum = (name) => mine.reduce((total, row) => total + (row[name] ?? 0), 0), [{ week, instance_type: part }] = mine;
    const cost = sum("compute_cost_usd"), predictions = sum("prediction_count");
    const colour = colours.get(part ?? "–");
    return { at: week, part: part ?? "–", cost, predictions, each: ratio(cost, predictions), colour, fill: colour };
  }).filter((row) => row[value]).sort((a, b) => a.at.localeCompare(b.at) || a.part.localeCompare(b.part));
}

const COST_COLUMNS = [["at", "Week of"], ["part", "Instance type"], ["cost", "Compute cost, USD"], ["predictions", "Predictions"], ["each", "USD per prediction"]];
const instanceKey = (panels) => [...new Map(panels.flatMap((panel) => panel.rows.map((row) => [row.part, row.colour])))].map(([part, colour]) => [part, colour, "square"]);

const cost = () => [
  figure({ title: "Cost per prediction by instance type", how: "USD, by week, all chosen models", chart: "lines", by: ["instance", "version"], columns: COST_COLUMNS, legend: instanceKey,
    panels: () => {
      const filled = costParts("each").map((row) => ({ ...row, day: +day(row.at), when: `week of ${shortDay(row.at)}`, value: row.each }));
      return single(filled, { number: `$~${most(filled, "value") >= 1000 ? "s" : "r"}`, rulers: rulersOf(filled, (row) => `${row.part}: ${money(row.value)}`, 7 * DAY) });
    } }),
  figure({ title: "Compute cost by instance type", how: "USD a week, all chosen models", chart: "bars", by: ["instance", "version"], columns: COST_COLUMNS, legend: instanceKey,
    panels: () => {
      const filled = costParts("cost").map((row) => ({ ...row, week: shortDay(row.at), value: row.cost, tip: `week of ${shortDay(row.at)}\n${row.part}: ${money(row.cost, 4)}` }));
      return single(filled, { number: "$~s" });
    } }),
  figure({ title: "What moved the compute cost", how: "USD, from the month before to the last whole one", chart: "waterfall", wide: true, alone: 200, columns: [["month", "Month"], ["step", "Step"], ["amount", "USD"]],
    says: ([panel]) => {
      if (!panel) return "";
      const parts = panel.rows.slice(1, -1), largest = parts.reduce((best, row) => (Math.abs(row.amount) > Math.abs(best.amount) ? row : best));
      return `${shortMonth(`${panel.rows[0].month}-01`)} against the month before: mostly ${largest.step.toLowerCase()} (${largest.label}).`;
    },
    legend: () => [["Volume: how much was asked", "var(--soft)", "none"], ["Mix: on which machines", "var(--soft)", "none"], ["Price: what a machine costs for it", "var(--soft)", "none"]],
    panels: () => single(waterfall(), { number: "$~s" }) }),
];

function waterfall() {
  const known = monthly(of("variance")).filter((row) => row.is_whole), month = known.map((row) => row.month).sort().at(-1);
  const parts = known.filter((row) => row.month === month), sum = (name) => parts.reduce((total, row) => total + (row[name] ?? 0), 0);
  if (!parts.length) return [];
  const begin = sum("previous_cost_usd"), step = (name, from, to, kind) => ({ month: month.slice(0, 7), step: name, from, to, top: Math.max(from, to),
    amount: to - from, label: `${kind && to > from ? "+" : ""}${money(to - from, 4)}`, tip: `${name}: ${money(to - from, 5)}`, colour: kind ? (to > from ? "var(--bad)" : "var(--good)") : "var(--shade-3)" });
  let at = begin;
  const steps = [["Volume", "volume_effect_usd"], ["Mix", "mix_effect_usd"], ["Price", "price_effect_usd"]].map(([name, column]) => step(name, at, at += sum(column), true));
  return [step("Before", 0, begin), ...steps, step("After", 0, sum("compute_cost_usd"))];
}

const begun = () => within(of("incidents"), "started_at");

const repair = () => [
  figure({ title: "When incidents begin", how: "incidents by weekday and hour, UTC", chart: "heatmap", columns: [["weekday", "Day"], ["hour", "Hour"], ["count", "Incidents"]],
    says: (panels) => {
      const night = panels.flatMap((panel) => panel.rows).reduce((sum, row) => sum + (row.hour < 7 || row.hour >= 19 ? row.count : 0), 0), all = begun().length;
      return all ? `${night} of ${plural(all, "incident")} began between 19:00 and 7:00.` : "";
    },
    panels: () => {
      const mine = grouped(begun(), (row) => `${WEEKDAYS[(new Date(row.started_at).getUTCDay() + 6) % 7]}|${new Date(row.started_at).getUTCHours()}`), top = Math.max(1, ...[...mine.values()].map((list) => list.length));
      return single(!begun().length ? [] : WEEKDAYS.flatMap((weekday) => Array.from({ length: 24 }, (_, hour) => {
        const count = mine.get(`${weekday}|${hour}`)?.length ?? 0;
        return { weekday, hour, count, x: hour, y: weekday, label: count || "", ...shade(count, top), tip: `${weekday}, ${hour}:00\n${plural(count, "incident")}` };
      })), { height: 190 });
    } }),
  figure({ title: "Incidents by model and week", how: "incidents; an empty week had none", chart: "heatmap", columns: [["model", "Model"], ["week", "Week of"], ["count", "Incidents"]],
    panels: () => {
      const mine = grouped(begun(), (row) => `${row.model_id}|${iso(monday(new Date(row.started_at)))}`), top = Math.max(1, ...[...mine.values()].map((list) => list.length));
      const hit = new Set(begun().map((row) => row.model_id)), shown = chosen().filter((model) => chosen().length <= 20 || hit.has(model.model_id));
      return single(!begun().length ? [] : shown.flatMap((model) => weeks().map((week) => {
        const count = mine.get(`${model.model_id}|${week}`)?.length ?? 0;
        return { model: model.model_name, week, count, x: shortDay(week), y: model.model_name, label: count || "", ...shade(count, top), tip: `${model.model_name}, week of ${shortDay(week)}\n${plural(count, "incident")}` };
      })), { height: Math.max(60, 27 * shown.length) });
    } }),
  figure({ title: "Time to resolve by severity", how: "mean hours, by the month of resolution, all chosen models", chart: "lines", wide: true, columns: [["month", "Month"], ["part", "Severity"], ["value", "Mean hours"], ["n", "Incidents"]],
    legend: () => parted(severities()),
    panels: () => {
      const filled = [...grouped(monthly(of("repairs")), (row) => `${row.month}|${row.severity}`).values()].map((mine) => {
        const sum = (name) => mine.reduce((total, row) => total + (row[name] ?? 0), 0), [{ month, severity: part }] = mine, colour = PART(severities().indexOf(part));
        return { month: month.slice(0, 7), day: +day(month), when: shortMonth(month), part, n: sum("resolved_count"), value: ratio(sum("resolve_hours"), sum("resolved_count")), colour, fill: colour };
      }).filter((row) => row.n).sort((a, b) => a.day - b.day || a.part.localeCompare(b.part));
      return single(filled, { time: "%b %Y", ticks: distinct(filled.map((row) => row.day)), whole: true, height: 200, rulers: rulersOf(filled, (row) => `${row.part}: ${duration(row.value)} of ${plural(row.n, "incident")}`, 28 * DAY) });
    } }),
  figure({ title: "Incidents", how: "open ones first, then the newest", columns: [["state", "Stands", { open: "poor", resolved: "good" }], ["model", "Model"], ["severity", "Severity"], ["title", "What"], ["began", "Began, UTC"], ["hours", "Hours to resolve"]],
    panels: () => single(begun().map((row) => ({ state: row.is_open ? "open" : "resolved", model: nameOf(row.model_id), severity: row.severity, title: row.title, began: row.started_at.replace("T", " ").replace("Z", ""), hours: row.resolve_hours }))
      .sort((a, b) => a.state.localeCompare(b.state) || b.began.localeCompare(a.began))) }),
];
const severities = () => once("severities", () => distinct(rows("repairs").map((row) => row.severity)));

// ── return ──

const UNREAD = ["void", "underpowered"];
const EXPERIMENT_COLUMNS = [["experiment", "Experiment"], ["model", "Model"], ["metric", "Metric"], ["arm", "Arm"], ["value", "Change", change], ["low", "From", change], ["high", "To", change], ["grade", "Evidence"], ["method", "Method"],
  ["status", "Status", { void: "poor", underpowered: "fair", running: "idle", finished: "good" }], ["said", "Reads"]];

const experiments = () => of("experiments").map((row) => ({ experiment: row.experiment_name, model: nameOf(row.model_id), metric: `${row.metric_name}${row.is_primary ? "" : " (secondary)"}`, arm: row.variation_id, is_primary: row.is_primary,
  label: `${row.experiment_name}: ${row.metric_name}${UNREAD.includes(row.status) ? ` (${row.status})` : ""}`, value: row.lift_relative, low: row.lift_relative_ci_low, high: row.lift_relative_ci_high, grade: graded(row.evidence_grade), method: row.method, status: row.status, said: row.decision,
  colour: UNREAD.includes(row.status) ? "var(--warn)" : { better: "var(--good)", worse: "var(--bad)" }[row.direction] ?? "var(--soft)",
  tip: `${row.experiment_name}, ${nameOf(row.model_id)}\n${row.lift_relative == null ? "" : `${change(row.lift_relative)}, 95 %: ${change(row.lift_relative_ci_low)} to ${change(row.lift_relative_ci_high)}\n`}${row.decision}` }));

const value = () => [
  dayFigure({ title: "Return so far", how: "USD since the model's first day; what is declared and not measured has no interval", table: "worth",
    read: (row) => ({ rolling: row.cumulative_value_usd, low: row.cumulative_value_ci_low_usd, high: row.cumulative_value_ci_high_usd, grade: graded(row.evidence_grade) }),
    columns: [["rolling", "USD so far"], ["low", "From"], ["high", "To"], ["grade", "Evidence"]], number: "$~s",
    legend: () => [["so far", "var(--accent)", "line"], ["95 % interval", "var(--accent)", "band"], PERIOD_KEY, ...EVENT_KEY],
    tell: (row) => `${money(row.rolling)} so far${row.low == null ? "" : `\n95 %: ${money(row.low)} to ${money(row.high)}`}\nevidence: ${row.grade}` }),
  figure({ title: "Experiments: the metrics that decide", how: "change against the control, with its 95 % interval", chart: "forest", wide: true, columns: EXPERIMENT_COLUMNS,
    legend: () => [["found better", "var(--good)", "dot"], ["found worse", "var(--bad)", "dot"], ["no difference found", "var(--soft)", "dot"], ["void or underpowered: not to be read as an effect", "var(--warn)", "dot"]],
    panels: () => { const filled = experiments().filter((row) => row.is_primary && row.value != null); return single(filled, { number: "+.0%", height: 36 * filled.length }); } }),
  figure({ title: "Every metric of every experiment", columns: EXPERIMENT_COLUMNS, panels: () => single(experiments()) }),
];

const projectPanels = (name, make) => [...grouped(ofProjects(name), (row) => row.project_id)].map(([id, mine]) =>
  ({ key: id, title: state.project ? null : mine[0].project_name, href: address({ project: id }), ...make(mine) })).filter((panel) => panel.rows.length);

const finance = () => [
  figure({ title: "Discounted cash flow, cumulated", how: "USD by month; every project has a page of its own", chart: "cash", wide: true,
    columns: [["when", "Month"], ["project", "Project"], ["value", "As known, USD"], ["planned", "By plan, USD"], ["basis", "The month is"]],
    legend: () => [["as known, at each month's end", "var(--accent)", "line"], ["booked", "var(--accent)", "dot"], ["by plan", "var(--ink)", "dash"]],
    panels: () => projectPanels("finance", (mine) => {
      const filled = mine.filter((row) => row.npv_to_date_usd != null).map((row) => ({ day: +day(row.month), when: row.month.slice(0, 7), project: row.project_name, value: row.npv_to_date_usd, planned: row.planned_npv_to_date_usd,
        booked: row.basis === "planned" ? null : row.npv_to_date_usd, basis: row.basis?.replace("_", " ") }));
      return { rows: filled, note: filled.length ? money(filled.at(-1).value) : "", number: "$~s", time: "%b %Y", rulers: rulersOf(filled, (row) => `${money(row.value)} so far, ${row.basis}\nby plan: ${money(row.planned)}`, 30 * DAY) };
    }) }),
  figure({ title: "Scenarios", how: "NPV, USD: base, from downside to upside", chart: "forest", wide: true, columns: [["project", "Project"], ["low", "Downside"], ["value", "Base"], ["high", "Upside"], ["chance", "Chance that NPV is above 0", share]],
    panels: () => {
      const filled = [...grouped(ofProjects("scenarios").filter((row) => row.kind === "scenario"), (row) => row.project_id).values()].map((mine) => {
        const named = Object.fromEntries(mine.map((row) => [row.name, row])), chance = named.base?.npv_positive_rate, project = mine[0].project_name;
        return { label: `${project}: ${money(named.base?.npv_usd)}`, project, low: named.downside?.npv_usd, value: named.base?.npv_usd, high: named.upside?.npv_usd, chance, colour: "var(--accent)",
          tip: `${project}\nfrom ${money(named.downside?.npv_usd)} to ${money(named.upside?.npv_usd)}\n${chance == null ? "no input is uncertain" : `${share(chance)} chance of a gain`}` };
      }).filter((row) => row.value != null);
      return single(filled, { number: "$~s", height: 36 * filled.length });
    } }),
  figure({ title: "What NPV hangs on", how: "NPV, USD, with one input at either end of its range, widest first", chart: "tornado", wide: true, columns: [["project", "Project"], ["label", "Input"], ["low", "NPV at its low end"], ["base", "Base"], ["high", "NPV at its high end"]],
    legend: () => [["at its low end", "var(--part-2)", "square"], ["at its high end", "var(--part-1)", "square"]],
    panels: () => projectPanels("scenarios", (mine) => {
      const base = mine.find((row) => row.kind === "scenario" && row.name === "base")?.npv_usd;
      const filled = mine.filter((row) => row.kind === "input" && row.npv_swing_usd != null).sort((a, b) => b.npv_swing_usd - a.npv_swing_usd).map((row) => {
        const label = row.name.replace("category:", "").replaceAll("_", " ");
        return { project: row.project_name, label, low: row.low_npv_usd, high: row.high_npv_usd, base, tip: `${label}\n${money(row.low_npv_usd)} at its low end\n${money(row.high_npv_usd)} at its high end` };
      });
      return { rows: filled, number: "$~s", height: 30 + 24 * filled.length };
    }) }),
  figure({ title: "Projects", columns: [["project", "Project"], ["sponsor", "Sponsor"], ["npv", "NPV, USD"], ["irr", "IRR a year", share], ["payback", "Payback, months"], ["discounted", "Discounted payback, months"], ["gap", "Why not"]],
    panels: () => single(ofProjects("projects").map((row) => ({ project: row.project_name, sponsor: row.sponsor, npv: row.npv_usd, irr: row.irr, payback: row.payback_months, discounted: row.discounted_payback_months, gap: row.gap_reason }))) }),
];

// ── quality ──

/** The weeks in which a watched feature of the model drifted. */
function driftFlags(model) {
  return [...grouped(within(rowsOf("drift", model), "week", 7).filter((row) => row.drifted_count), (row) => row.week)].map(([week, mine]) =>
    ({ day: +day(week), colour: "var(--bad)", shape: "triangle-down", tip: `week of ${shortDay(week)}\ndrifted: ${mine.map((row) => row.feature).join(", ")}` }));
}

const accuracy = () => [
  figure({ title: "By cohort and week", how: "each model by its declared measure; cohorts with too few labels are left out", chart: "scores", wide: true, height: 170, by: ["cohort", "version"],
    columns: [["week", "Week of"], ["model", "Model"], ["part", "Cohort"], ["measure", "Measure"], ["value", "Score"], ["low", "From"], ["high", "To"], ["n", "Labelled"], ["state", "Labels"]],
    legend: () => [["hollow: labels still come in", "var(--soft)", "ring"], ["week in which a feature drifted", "var(--bad)", "down"], PERIOD_KEY],
    panels: () => modelPanels((model) => {
      const mine = within(rowsOf("cohorts", model.model_id), "week", 7).filter((row) => row.score != null && !row.is_too_small && (!state.cohort || [state.cohort, "everybody"].includes(cohortName(row))));
      const names = ["everybody", ...distinct(rowsOf("cohorts", model.model_id).map(cohortName)).filter((name) => name !== "everybody")];
      const colour = (name) => (name === "everybody" ? "var(--ink)" : PART(names.indexOf(name) - 1));
      const filled = mine.map((row) => { const part = cohortName(row); return { week: row.week, day: +day(row.week), when: `week of ${shortDay(row.week)}`, model: model.model_name, part, colour: colour(part), fill: row.is_mature ? colour(part) : "var(--raised)",
        measure: row.measure.replaceAll("_", " "), value: row.score, low: row.score_ci_low, high: row.score_ci_high, n: row.labelled_count, state: row.is_mature ? "mature" : "still coming in" }; });
      return { rows: filled, note: filled[0]?.measure, legend: distinct(filled.map((row) => row.part)).map((part) => [part, colour(part), "line"]), events: driftFlags(model.model_id), number: ".0%",
        rulers: rulersOf(filled, (row) => `${row.part}: ${share(row.value)} of ${number(row.n)}`, 7 * DAY) };
    }) }),
];

const FEATURES = 30;

const drift = () => [
  figure({ title: "Drift by feature and week", how: "windows that had drifted; – where none could be tested", chart: "heatmap", wide: true, by: ["version"],
    columns: [["model", "Model"], ["feature", "Feature"], ["week", "Week of"], ["drifted", "Windows drifted"], ["tested", "Windows tested"], ["psi", "Largest PSI"]],
    says: () => {
      const features = grouped(within(of("drift"), "week", 7), (row) => `${row.model_id}|${row.feature}`), hit = [...features.values()].filter((mine) => mine.some((row) => row.drifted_count));
      return features.size ? `${hit.length} of ${plural(features.size, "watched feature")} drifted in these weeks${hit.length && hit.length < features.size && !isOne() ? "; the others are not shown: choose a model to see all of its own" : ""}.` : "";
    },
    panels: () => {
      const features = [...grouped(within(of("drift"), "week", 7), (row) => `${row.model_id}|${row.feature}`).values()].map((mine) => ({ mine, hits: mine.reduce((sum, row) => sum + row.drifted_count, 0) }))
        .filter(({ hits }) => hits || isOne()).sort((a, b) => b.hits - a.hits).slice(0, FEATURES);
      const top = Math.max(1, ...features.flatMap(({ mine }) => mine.map((row) => row.drifted_count)));
      const filled = features.flatMap(({ mine }) => {
        const found = new Map(mine.map((row) => [row.week, row])), y = isOne() ? mine[0].feature : `${mine[0].feature} · ${nameOf(mine[0].model_id)}`;
        return weeks().map((week) => {
          const row = found.get(week), tested = row?.tested_count ?? 0, drifted = row?.drifted_count ?? 0;
          return { model: nameOf(mine[0].model_id), feature: mine[0].feature, week, drifted, tested, psi: row?.psi ?? null, x: shortDay(week), y, label: tested ? drifted || "" : "–", ...shade(drifted, top),
            tip: `${y}\nweek of ${shortDay(week)}: ${drifted} of ${plural(tested, "window")}${row?.psi == null ? "" : `\nlargest PSI ${number(row.psi)}`}` };
        });
      });
      return single(filled, { height: 24 * features.length });
    } }),
  figure({ title: "The feature furthest from its reference", how: "share of values, in the newest window that could be tested", chart: "grouped", wide: true,
    columns: [["model", "Model"], ["feature", "Feature"], ["group", "Values"], ["part", "Where"], ["value", "Share"]],
    legend: () => [["reference: what the version was trained on", "var(--thin)", "square"], ["window", "var(--part-2)", "square"]],
    panels: () => modelPanels((model) => {
      const mine = rowsOf("shifts", model.model_id), parts = [["reference", "reference_share_rate", "var(--thin)"], ["window", "window_share_rate", "var(--part-2)"]];
      return { title: isOne() ? mine[0]?.feature : model.model_name, note: mine.length ? `${isOne() ? "" : `${mine[0].feature}, `}${shortDay(mine[0].at)}` : "", number: ".0%",
        rows: mine.flatMap((row) => parts.map(([part, column, colour]) => ({ model: model.model_name, feature: row.feature, group: row.bin_name, part, value: row[column], colour, tip: `${row.bin_name}\n${part}: ${share(row[column])}` }))) };
    }) }),
  figure({ title: "Recommended retrains", columns: [["state", "Stands", { open: "poor", closed: "good" }], ["model", "Model"], ["version", "Version"], ["since", "Raised"], ["drifted", "Windows drifted"], ["tested", "Windows tested"], ["feature", "Furthest feature"], ["psi", "Its PSI"], ["closing", "Closed by"], ["closed", "On"]],
    panels: () => single(of("retrains").map((row) => ({ state: row.is_open ? "open" : "closed", model: nameOf(row.model_id), version: row.model_version, since: row.raised_at.slice(0, 10), drifted: row.drifted_window_count, tested: row.tested_window_count,
      feature: row.worst_feature, psi: row.max_psi, closing: row.closing_version, closed: row.closed_at?.slice(0, 10) }))) }),
];

// ── adoption and impact ──

const featurePanels = (name, make) => modelPanels((model) => ({ rows: rowsOf(name, model.model_id) })).flatMap(({ key, rows: mine, href }) =>
  [...grouped(mine, (row) => row.feature_id)].map(([feature, own]) => ({ key: `${key}|${feature}`, title: feature, href: isOne() ? null : href, note: isOne() ? "" : nameOf(key), ...make(own, nameOf(key)) }))).filter((panel) => panel.rows.length);

const adoption = () => [
  figure({ title: "From eligible to retained", how: "users of each feature on its newest day, and the share of the stage before", chart: "funnel", wide: true, columns: [["model", "Model"], ["feature", "Feature"], ["label", "Stage"], ["value", "Users"], ["rate", "Of the stage before", share]],
    panels: () => featurePanels("funnel", (mine, model) => ({ height: 26 * mine.length, rows: mine.filter((row) => row.user_count != null).map((row) => ({ model, feature: row.feature_id, label: row.stage.replace("_", " "), value: row.user_count, rate: row.conversion_rate,
      said: `${number(row.user_count)}${row.conversion_rate == null ? "" : ` · ${share(row.conversion_rate)}`}`, tip: `${row.stage.replace("_", " ")}: ${number(row.user_count)} users${row.conversion_rate == null ? "" : `\n${share(row.conversion_rate)} of the stage before`}` })) })) }),
  figure({ title: "Who came back", how: "per cent of those who first used it in a week, by weeks after", chart: "heatmap", wide: true, columns: [["model", "Model"], ["feature", "Feature"], ["cohort", "First use, week of"], ["week", "Weeks after"], ["value", "Came back", share], ["users", "Users"]],
    panels: () => featurePanels("retention", (mine, model) => {
      const known = new Map(within(mine, "cohort", 7).filter((row) => row.retention_rate != null).map((row) => [`${row.cohort}|${row.week_number}`, row]));
      const cohorts = distinct([...known.values()].map((row) => row.cohort)), width = Math.max(0, ...[...known.values()].map((row) => row.week_number)) + 1;
      return { height: 22 * cohorts.length, rows: cohorts.flatMap((cohort) => Array.from({ length: width }, (_, week) => {
        const row = known.get(`${cohort}|${week}`), place = { x: week, y: shortDay(cohort) };
        if (!row) return { ...place, unlisted: true, shade: "transparent", label: "" };
        return { ...place, model, feature: row.feature_id, cohort, week, value: row.retention_rate, users: row.cohort_user_count, label: Math.round(100 * row.retention_rate), ...shade(row.retention_rate, 1),
          tip: `first used in the week of ${shortDay(cohort)}: ${plural(row.cohort_user_count, "user")}\n${share(row.retention_rate)} came back ${plural(week, "week")} later` };
      })) };
    }) }),
];

const EVENTS = 20;

const trust = () => [
  dayFigure({ title: "Override rate by day", how: "decisions that a person overruled, of those that could be", table: "satisfaction", read: (row) => ({ value: row.override_rate, rolling: row.override_28d_rate }), number: ".0%",
    columns: [["value", "That day", share], ["rolling", "28 days rolling", share]], legend: () => [["28 days rolling", "var(--accent)", "line"], ["single day", "var(--thin)", "thin"], PERIOD_KEY, ...EVENT_KEY],
    tell: (row) => `28 days rolling: ${share(row.rolling)}${row.value == null ? "" : `\nthat day: ${share(row.value)}`}` }),
  figure({ title: "Before and after events", how: `the declared measure in the 14 days after against the 14 before, with its 95 % interval; the newest ${EVENTS}`, chart: "forest", wide: true,
    columns: [["day", "Day"], ["model", "Model"], ["label", "Event"], ["measure", "Measure"], ["value", "Change"], ["low", "From"], ["high", "To"], ["said", "Reads"]],
    legend: () => [["on its own", "var(--accent)", "dot"], ["other events fall into the same days", "var(--none)", "dot"]],
    panels: () => {
      const filled = within(of("impacts"), "day").sort((a, b) => b.day.localeCompare(a.day)).slice(0, EVENTS).map((row) => ({ day: row.day, model: nameOf(row.model_id), label: `${shortDay(row.day)}, ${row.event_kind.replace("_", " ")}: ${row.title}${isOne() ? "" : ` (${nameOf(row.model_id)})`}`,
        measure: row.measure, value: row.change, low: row.change_ci_low, high: row.change_ci_high, said: row.has_overlapping_events ? "other events fall into the same days" : "no other event near", colour: row.has_overlapping_events ? "var(--none)" : "var(--accent)",
        tip: `${row.title}\n${number(row.change)}, 95 %: ${number(row.change_ci_low)} to ${number(row.change_ci_high)}` }));
      return single(filled, { number: "+~r", height: 34 * filled.length });
    } }),
  figure({ title: "What people say", columns: [["day", "Day"], ["model", "Model"], ["sentiment", "Tone", { positive: "good", negative: "poor", mixed: "fair", neutral: "idle" }], ["who", "Who"], ["text", "Words"]],
    panels: () => single(within(of("notes"), "day").map((row) => ({ day: row.day, model: nameOf(row.model_id), sentiment: row.sentiment, who: row.author_role, text: [row.title, row.text].filter(Boolean).join(": ") })).sort((a, b) => b.day.localeCompare(a.day))) }),
];

/** The pictures of a KPI: what its definition asks to see first. */
const PICTURES = {
  throughput: (kpi) => [trendFigure(kpi), ...throughput()],
  deployment_cadence: (kpi) => [...cadence(), trendFigure(kpi)],
  cost_per_prediction: (kpi) => [trendFigure(kpi), ...cost()],
  mttr: (kpi) => [...repair(), trendFigure(kpi)],
  business_value: (kpi) => [...value(), trendFigure(kpi)],
  npv: (kpi) => [...finance(), trendFigure(kpi)],
  accuracy: (kpi) => [...accuracy(), trendFigure(kpi)],
  drift_rate: (kpi) => [...drift(), trendFigure(kpi)],
  feature_adoption: (kpi) => [trendFigure(kpi), ...adoption()],
  satisfaction: (kpi) => [trendFigure(kpi), ...trust()],
};

// ── lists ──

const subject = (row) => kpiOf(row.subject_id)?.kpi_name ?? row.subject_id;
const due = () => of("gates").filter((row) => row.status !== "not_due");
const openAlerts = () => of("alerts").filter((row) => row.status !== "closed");
const STEPS = ["has_objective", "has_owner", "is_source_connected", "is_identifier_mapped", "is_measured", "is_fresh", "has_baseline", "has_target"];

/** Id → title, a sentence, and its figures. */
const LISTS = {
  alerts: ["Alerts", () => (openAlerts().length ? `${plural(openAlerts().length, "alert")} open, ${openAlerts().filter((row) => row.severity === "page").length} of them for somebody to look at now.` : "No alert is open."), () => [
    figure({ title: "Open alerts", columns: [["severity", "Severity", { page: "poor", ticket: "fair" }], ["model", "Model"], ["what", "What"], ["since", "Since"], ["evidence", "Evidence"], ["action", "What to do"], ["owner", "Owner"]],
      panels: () => single(openAlerts().map((row) => ({ severity: row.severity, model: nameOf(row.model_id), what: subject(row), since: row.opened_at.slice(0, 10), evidence: row.evidence, action: row.recommended_action, owner: `${row.owner ?? "nobody"}${row.status === "acknowledged" ? " (acknowledged)" : ""}` }))
        .sort((a, b) => (b.severity === "page") - (a.severity === "page"))) })]],
  gates: ["Decision gates", () => (due().length ? `${due().filter((row) => row.status === "passed").length} of ${plural(due().length, "criterion", "criteria")} due are passed, ${due().filter((row) => row.status === "failed").length} failed.` : "No gate is due."), () => [
    figure({ title: "Criteria due", columns: [["status", "Stands", { passed: "good", failed: "poor" }], ["model", "Model"], ["gate", "Gate"], ["day", "Due"], ["statement", "What must hold"], ["evidence", "Evidence"]],
      panels: () => single(due().map((row) => ({ status: row.status.replaceAll("_", " "), model: nameOf(row.model_id), gate: row.gate_name, day: row.due_date, statement: row.statement, evidence: row.evidence }))
        .sort((a, b) => (a.status === "passed") - (b.status === "passed") || b.day.localeCompare(a.day))) })]],
  coverage: ["Instrumentation", () => `${of("coverage").filter((row) => !row.next_step).length} of ${plural(of("coverage").length, "pair")} of model and KPI are measured, owned and steered; the others show their next step.`, () => [
    figure({ title: "What to connect next", columns: [["model", "Model"], ["kpi", "KPI"], ["stage", "Stage"], ["done", `Steps done, of ${STEPS.length}`], ["next", "Next step"]],
      panels: () => single(of("coverage").filter((row) => row.next_step).map((row) => ({ model: nameOf(row.model_id), kpi: kpiOf(row.kpi_id)?.kpi_name, stage: row.roadmap_stage, done: STEPS.filter((step) => row[step]).length, next: row.next_step }))) })]],
  versions: ["Versions", () => "Each KPI over the days a version served most of the traffic: spans of time, not randomised groups.", () => [
    figure({ title: "Versions side by side", by: ["version"], columns: [["model", "Model"], ["version", "Version"], ["from", "From"], ["to", "To"], ...kpis().map((kpi) => [kpi.kpi_id, kpi.kpi_name, (value) => amount(kpi, value)])],
      panels: () => single([...grouped(of("versions"), (row) => `${row.model_id}|${row.model_version}`).values()].map((mine) => ({ model: nameOf(mine[0].model_id), version: mine[0].model_version, from: mine[0].first_served_date, to: mine[0].last_served_date,
        ...Object.fromEntries(mine.map((row) => [row.kpi_id, row.value])) })).reverse()) })]],
};

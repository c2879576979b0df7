// What the pictures of all KPIs share: a panel for each model, events on its days, and the KPI itself by day.

const PERIOD_KEY = ["chosen period", "var(--accent)", "wash"];
const URGENCY = ["off_target", "at_risk", "no_target", "on_target", "no_data"];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WAKING = ["P1", "P2", "SEV1", "SEV2", "critical", "high"]; // of many incidents, charts mark those somebody was woken for

/** A panel for each chosen model that has rows; where they are many, those that need attention first. */
function modelPanels(make, kpi) {
  const panels = chosen()
    .map((model) => {
      const cell = kpi && cellOf(model.model_id, kpi.kpi_id);
      return {
        key: model.model_id,
        title: isOne() ? null : model.model_name,
        href: address({ model: model.model_id }),
        status: cell?.status,
        note:
          cell?.value == null
            ? ""
            : `${amountOf(kpi, cell.value)}${cell.target == null ? "" : `, target ${amount(kpi, cell.target)}`}`,
        ...make(model),
      };
    })
    .filter((panel) => panel.rows.length);
  if (!kpi || panels.length <= PANELS) return panels;
  return panels.sort((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status));
}

const EVENT_KEY = [
  ["release", "var(--ink)", "dot"],
  ["P1/P2 incident", "var(--bad)", "down"],
  ["campaign, price, holiday", "var(--soft)", "square"],
];

function eventsOf(model) {
  return within(rowsOf("annotations", model), "day")
    .filter((row) => row.kind !== "incident" || WAKING.includes(row.note))
    .map((row) => ({
      day: +day(row.day),
      tip: `${shortDay(row.day)}\n${row.kind.replace("_", " ")}: ${row.title}`,
      ...({
        release: { colour: "var(--ink)", shape: "circle" },
        incident: { colour: "var(--bad)", shape: "triangle-down" },
      }[row.kind] ?? { colour: "var(--soft)", shape: "square" }),
    }));
}

/** Month → the KPI's target for the model. */
const targetsOf = (model, kpi) =>
  new Map(
    starts("month").map((start) => [start.slice(0, 7), cells().get(`${model}|${kpi}|month|${start}`)?.target ?? null]),
  );

const most = (list, ...names) =>
  list.reduce((top, row) => Math.max(top, ...names.map((name) => Math.abs(row[name] ?? 0))), 0);

// ── a KPI by day ──

/** How each KPI is read by day: over how many days, and whether a single day says anything. */
const DAILY = {
  throughput: { days: 7 },
  cost_per_prediction: { days: 7 },
  business_value: { days: 28 },
  accuracy: { days: 28, chart: "level" },
  deployment_cadence: { days: 28, bare: true },
  mttr: { days: 28, bare: true },
  drift_rate: { days: 28, bare: true },
  npv: { days: 1, bare: true, chart: "level", called: "as known that day" },
};

function dailyRows(model, kpi, { days, bare }) {
  const sums = data.cube.sums[model.model_id]?.[kpi.kpi_id];
  if (!sums) return [];
  const { from, to } = windows(),
    targets = targetsOf(model.model_id, kpi.kpi_id),
    filled = [];
  for (let at = from; at <= to; at += DAY) {
    const i = Math.round((at - firstDay()) / DAY),
      when = iso(at);
    let n = 0,
      d = 0;
    for (let j = Math.max(0, i - days + 1); j <= i; j++) {
      n += sums[0][j] ?? 0;
      d += sums[1][j] ?? 0;
    }
    filled.push({
      day: at,
      when,
      model: model.model_name,
      value: bare ? null : ratio(sums[0][i], sums[1][i]),
      rolling: d > 1e-9 ? n / d : null,
      target: targets.get(when.slice(0, 7)),
    });
  }
  return filled.some((row) => row.rolling != null) ? filled : [];
}

/** Users are distinct and means have intervals: what does not add up over days the mart has rolled already. */
const ROLLED = {
  feature_adoption: (model, kpi) => ({
    table: "adoption",
    chart: "trend",
    select: (row) => row.adoption_28d_rate != null,
    read: (row) => ({
      value: row.adoption_1d_rate,
      rolling: row.adoption_28d_rate,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)),
    }),
  }),
  satisfaction: (model, kpi) => ({
    table: "satisfaction",
    chart: "level",
    select: (row) => row.satisfaction_28d != null,
    read: (row) => ({
      value: row.satisfaction,
      rolling: row.satisfaction_28d,
      low: row.satisfaction_28d_ci_low,
      high: row.satisfaction_28d_ci_high,
      target: targetsOf(model.model_id, kpi.kpi_id).get(row.day.slice(0, 7)),
    }),
  }),
};

function rolledRows(model, kpi) {
  const { table, select, read } = ROLLED[kpi.kpi_id](model, kpi);
  return within(rowsOf(table, model.model_id), "day")
    .filter(select)
    .map((row) => ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }));
}

function trendFigure(kpi) {
  const rolled = ROLLED[kpi.kpi_id],
    { days, bare, chart, called } = rolled
      ? { days: 28, chart: rolled({}, kpi).chart }
      : (DAILY[kpi.kpi_id] ?? { days: 28 });
  const words = called ?? `${days} days rolling`,
    tell = (value) => amountOf(kpi, value);
  return figure({
    title: `${kpi.kpi_name} by day`,
    wide: true,
    how: kpi.unit,
    chart: chart ?? "trend",
    by: ["version"],
    columns: [
      ["when", "Day"],
      ["model", "Model"],
      ...(bare ? [] : [["value", "That day"]]),
      ["rolling", words[0].toUpperCase() + words.slice(1)],
      ...(kpi.kpi_id === "satisfaction"
        ? [
            ["low", "From"],
            ["high", "To"],
          ]
        : []),
      ["target", "Target"],
    ],
    legend: (panels) => [
      [words, "var(--accent)", "line"],
      ...(bare ? [] : [["single day", "var(--thin)", "thin"]]),
      ["target", "var(--ink)", "dash"],
      ...(panels.some((panel) => panel.rows.some((row) => row.low != null))
        ? [["95 % interval", "var(--accent)", "band"]]
        : []),
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    panels: () =>
      modelPanels((model) => {
        const filled = rolled ? rolledRows(model, kpi) : dailyRows(model, kpi, { days, bare });
        return {
          rows: filled,
          events: eventsOf(model.model_id),
          number: axis(kpi, most(filled, "rolling", "value")),
          rulers: rulersOf(filled, (row) =>
            [
              `${words}: ${tell(row.rolling)}`,
              row.value != null && `that day: ${tell(row.value)}`,
              row.low != null && `95 %: ${tell(row.low)} to ${tell(row.high)}`,
              row.target != null && `target: ${tell(row.target)}`,
            ]
              .filter(Boolean)
              .join("\n"),
          ),
        };
      }, kpi),
  });
}

/** A measure by day that is no KPI: one panel a model. */
function dayFigure({ table, read, columns, tell, number: numbers, chart = "trend", ...rest }) {
  return figure({
    wide: true,
    chart,
    by: ["version"],
    columns: [["when", "Day"], ["model", "Model"], ...columns],
    ...rest,
    panels: () =>
      modelPanels((model) => {
        const filled = within(rowsOf(table, model.model_id), "day")
          .map((row) => ({ day: +day(row.day), when: row.day, model: model.model_name, ...read(row) }))
          .filter((row) => row.rolling != null);
        return { rows: filled, events: eventsOf(model.model_id), number: numbers, rulers: rulersOf(filled, tell) };
      }),
  });
}

function shade(value, top) {
  if (!value) return { shade: "var(--shade-0)", text: "var(--soft)" };
  const step = Math.max(1, Math.min(4, Math.ceil((4 * value) / top)));
  return { shade: `var(--shade-${step})`, text: step >= 3 ? "var(--on-shade)" : "var(--ink)" };
}

const single = (filled, more) => [{ key: "all", rows: filled, ...more }];
const parted = (parts) => parts.map((part, i) => [part, PART(i), "square"]);

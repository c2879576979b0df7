// Figures of productivity: hourly throughput, latency, deployments.

import { cached, grouped, nameOf, rowsOf, sumOf } from "../data.js";
import { chartWindow, inWindow, recentMonths } from "../days.js";
import { figure, PART, rulersOf } from "../figure.js";
import { chosenModels, chosenRows, isOne } from "../filters.js";
import { DAY, day, duration, isoDay, longDay, number, plural, ratio, shortMonth } from "../format.js";
import { dayFigure, EVENT_KEY, modelPanels, onePanel, PERIOD_KEY, partLegend } from "../panels.js";

/** The last days of a model hour by hour: the same whatever period is chosen. */
const hours = (model) =>
  cached(`hours ${model.model_id} ${isOne()}`, () => {
    const filled = rowsOf("hours", model.model_id).map((row) => ({
      day: +new Date(row.hour),
      when: row.hour.replace("T", " ").replace("Z", ""),
      model: model.model_name,
      value: row.predictions_per_hour,
      rolling: row.predictions_per_hour_24h,
      target: row.predictions_per_hour_p95_28d,
      spike: row.is_spike ? row.predictions_per_hour : null,
    }));
    return {
      rows: filled,
      rulers: rulersOf(
        filled,
        (row) =>
          `${number(row.value)} an hour${row.spike == null ? "" : ", a spike"}\n24 hours rolling: ${number(row.rolling)}`,
        DAY / 24,
      ),
    };
  });

export const throughputFigures = () => [
  figure({
    title: "Hour by hour, the last fourteen days",
    how: "predictions per hour",
    chart: "trend",
    wide: true,
    columns: [
      ["when", "Hour"],
      ["model", "Model"],
      ["value", "Predictions per hour"],
      ["rolling", "24 h rolling"],
      ["target", "95th percentile of 28 days"],
      ["spike", "Spike"],
    ],
    legend: () => [
      ["24 hours rolling", "var(--accent)", "line"],
      ["hour", "var(--thin)", "thin"],
      ["95th percentile of the 28 days before", "var(--ink)", "dash"],
      ["spike above it", "var(--warn)", "up"],
    ],
    panels: () => modelPanels((model) => ({ ...hours(model), whole: true })),
  }),
  dayFigure({
    title: "Latency",
    how: "p95 latency, ms",
    table: "latency",
    read: (row) => ({
      value: row.latency_p50_ms,
      rolling: row.latency_p95_ms,
      slow: row.latency_p99_ms,
      target: row.latency_target_ms,
    }),
    columns: [
      ["value", "p50, ms"],
      ["rolling", "p95, ms"],
      ["slow", "p99, ms"],
      ["target", "Promised p95, ms"],
    ],
    legend: () => [
      ["95th percentile", "var(--accent)", "line"],
      ["median", "var(--thin)", "thin"],
      ["p95 SLO", "var(--ink)", "dash"],
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    describe: (row) =>
      `95th percentile: ${number(row.rolling)} ms\nmedian: ${number(row.value)} ms\n99th: ${number(row.slow)} ms${row.target == null ? "" : `\npromised: ${number(row.target)} ms`}`,
  }),
];

const DEPLOYED = { rollback: "triangle-down", roll_forward: "triangle-up" };

export const cadenceFigures = () => [
  figure({
    title: "Release calendar",
    how: "production deployments by day",
    chart: "calendar",
    wide: true,
    by: ["version"],
    columns: [
      ["when", "Deployed"],
      ["model", "Model"],
      ["version", "Version"],
      ["kind", "What"],
      ["lead", "Lead time, hours"],
      ["failure", "Incident after it"],
    ],
    legend: () => [
      ["release", "var(--accent)", "dot"],
      ["roll forward", "var(--accent)", "up"],
      ["rollback", "var(--accent)", "down"],
      ["an incident followed", "var(--bad)", "dot"],
    ],
    says: (panels) => {
      const marks = panels.flatMap((panel) => panel.rows).filter((row) => row.shape);
      const back = marks.filter((row) => row.shape === DEPLOYED.rollback).length;
      return marks.length
        ? `${plural(marks.length, "deployment")}, ${back ? plural(back, "of them a rollback", "of them rollbacks") : "no rollback"}; ${marks.filter((row) => row.failure === "yes").length} followed by an incident.`
        : "";
    },
    panels: () => {
      const { from, to } = chartWindow();
      const marks = inWindow(chosenRows("deployments"), "day").map((row) => ({
        day: +day(row.day),
        when: row.day,
        label: nameOf(row.model_id),
        model: nameOf(row.model_id),
        version: row.version,
        kind: row.deployment_kind.replace("_", " "),
        shape: DEPLOYED[row.deployment_kind] ?? "circle",
        named: "",
        lead: row.lead_hours,
        failure: row.is_change_failure == null ? "too early to say" : row.is_change_failure ? "yes" : "no",
        colour: row.is_change_failure ? "var(--bad)" : "var(--accent)",
        tip: [
          `${nameOf(row.model_id)}, ${row.version}`,
          `${row.deployment_kind.replace("_", " ")}, ${longDay(row.day)}`,
          row.lead_hours != null && `lead time ${duration(row.lead_hours)}`,
          row.is_change_failure && "an incident followed",
        ]
          .filter(Boolean)
          .join("\n"),
      }));
      // A version is written where it does not run into the one before.
      for (const [, row] of grouped(marks, (mark) => mark.label)) {
        let free = from;
        for (const mark of row.sort((a, b) => a.day - b.day)) {
          if (mark.day < free) continue;
          mark.named = mark.version;
          free = mark.day + (to - from) / 14;
        }
      }
      const deployed = new Set(marks.map((row) => row.label));
      const shown = chosenModels()
        .map((model) => model.model_name)
        .filter((name) => chosenModels().length <= 20 || deployed.has(name));
      const dots = shown.map((label) => ({ day: from, to, label, unlisted: true }));
      return onePanel(marks.length ? [...dots, ...marks] : [], { height: 34 * shown.length });
    },
  }),
  figure({
    title: "Lead time",
    how: "hours from registered to serving: median, to the 90th percentile of the period's last month",
    chart: "forest",
    by: [],
    columns: [
      ["month", "Month"],
      ["model", "Model"],
      ["value", "Median, hours"],
      ["high", "90th percentile, hours"],
      ["n", "Releases"],
    ],
    panels: () => {
      const month = isoDay(chartWindow().to).slice(0, 7);
      const filled = chosenRows("cadence")
        .filter((row) => row.month.startsWith(month) && row.lead_known_count)
        .map((row) => ({
          label: nameOf(row.model_id),
          model: nameOf(row.model_id),
          month: row.month.slice(0, 7),
          low: row.median_lead_hours,
          value: row.median_lead_hours,
          high: row.p90_lead_hours,
          n: row.lead_known_count,
          colour: "var(--accent)",
          tip: `${nameOf(row.model_id)}\nmedian ${duration(row.median_lead_hours)}, 90th percentile ${duration(row.p90_lead_hours)}\nof ${plural(row.lead_known_count, "release")}`,
        }));
      return onePanel(filled, { height: 34 * filled.length });
    },
  }),
  figure({
    title: "Rollbacks and failed changes",
    how: "of the month's deployments, all chosen models",
    chart: "grouped",
    columns: [
      ["month", "Month"],
      ["part", "What"],
      ["value", "Share"],
      ["n", "Deployments"],
    ],
    legend: () => partLegend(["rolled back to an earlier version", "followed by an incident, or rolled back"]),
    panels: () => {
      const parts = [
        ["rolled back to an earlier version", "rollback_count", "deployment_count"],
        ["followed by an incident, or rolled back", "change_failure_count", "change_evaluated_count"],
      ];
      const filled = [...grouped(recentMonths(chosenRows("cadence")), (row) => row.month)]
        .sort(([a], [b]) => a.localeCompare(b))
        .flatMap(([month, mine]) =>
          parts.map(([part, top, bottom], i) => {
            return {
              month: month.slice(0, 7),
              group: shortMonth(month),
              part,
              colour: PART(i),
              n: sumOf(mine, bottom),
              value: ratio(sumOf(mine, top), sumOf(mine, bottom)),
              tip: `${shortMonth(month)}\n${sumOf(mine, top)} of ${sumOf(mine, bottom)} ${part}`,
            };
          }),
        )
        .filter((row) => row.value != null);
      return onePanel(filled, { number: ".0%" });
    },
  }),
];

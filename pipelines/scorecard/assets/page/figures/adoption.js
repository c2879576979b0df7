// Figures of adoption and impact: funnel, retention, overrides, changes after events, comments.

import { edged, reachOf } from "../clip.js";
import { grouped, nameOf, rowsOf } from "../data.js";
import { inWindow } from "../days.js";
import { figure } from "../figure.js";
import { chosenRows, distinct, isOne } from "../filters.js";
import { number, plural, share, shortDay } from "../format.js";
import { dayFigure, EVENT_KEY, modelPanels, onePanel, PERIOD_KEY, shade } from "../panels.js";

const featurePanels = (name, make) =>
  modelPanels((model) => ({ rows: rowsOf(name, model.model_id) }))
    .flatMap(({ key, rows: mine, href }) =>
      [...grouped(mine, (row) => row.feature_id)].map(([feature, own]) => ({
        key: `${key}|${feature}`,
        title: feature,
        href: isOne() ? null : href,
        note: isOne() ? "" : nameOf(key),
        ...make(own, nameOf(key)),
      })),
    )
    .filter((panel) => panel.rows.length);

export const adoptionFigures = () => [
  figure({
    title: "From eligible to retained",
    how: "users of each feature on its newest day, and the share of the stage before",
    chart: "funnel",
    wide: true,
    columns: [
      ["model", "Model"],
      ["feature", "Feature"],
      ["label", "Stage"],
      ["value", "Users"],
      ["rate", "Of the stage before", share],
    ],
    panels: () =>
      featurePanels("funnel", (mine, model) => ({
        height: 26 * mine.length,
        rows: mine
          .filter((row) => row.user_count != null)
          .map((row) => ({
            model,
            feature: row.feature_id,
            label: row.stage.replace("_", " "),
            value: row.user_count,
            rate: row.conversion_rate,
            said: `${number(row.user_count)}${row.conversion_rate == null ? "" : ` · ${share(row.conversion_rate)}`}`,
            tip: `${row.stage.replace("_", " ")}: ${number(row.user_count)} users${row.conversion_rate == null ? "" : `\n${share(row.conversion_rate)} of the stage before`}`,
          })),
      })),
  }),
  figure({
    title: "Cohort retention",
    how: "per cent of those who first used it in a week, by weeks after",
    chart: "heatmap",
    wide: true,
    columns: [
      ["model", "Model"],
      ["feature", "Feature"],
      ["cohort", "First use, week of"],
      ["week", "Weeks after"],
      ["value", "Came back", share],
      ["users", "Users"],
    ],
    panels: () =>
      featurePanels("retention", (mine, model) => {
        const known = new Map(
          inWindow(mine, "cohort", 7)
            .filter((row) => row.retention_rate != null)
            .map((row) => [`${row.cohort}|${row.week_number}`, row]),
        );
        const cohorts = distinct([...known.values()].map((row) => row.cohort));
        const width = Math.max(0, ...[...known.values()].map((row) => row.week_number)) + 1;
        return {
          height: 22 * cohorts.length,
          rows: cohorts.flatMap((cohort) =>
            Array.from({ length: width }, (_, week) => {
              const row = known.get(`${cohort}|${week}`);
              const place = { x: week, y: shortDay(cohort) };
              if (!row) return { ...place, unlisted: true, shade: "transparent", label: "" };
              return {
                ...place,
                model,
                feature: row.feature_id,
                cohort,
                week,
                value: row.retention_rate,
                users: row.cohort_user_count,
                label: Math.round(100 * row.retention_rate),
                ...shade(row.retention_rate, 1),
                tip: `first used in the week of ${shortDay(cohort)}: ${plural(row.cohort_user_count, "user")}\n${share(row.retention_rate)} came back ${plural(week, "week")} later`,
              };
            }),
          ),
        };
      }),
  }),
];

const EVENTS = 20;
const impacts = () =>
  inWindow(chosenRows("impacts"), "day")
    .sort((a, b) => b.day.localeCompare(a.day))
    .slice(0, EVENTS);

export const satisfactionFigures = () => [
  dayFigure({
    title: "Override rate by day",
    how: "decisions that a person overruled, of those that could be",
    table: "satisfaction",
    read: (row) => ({ value: row.override_rate, rolling: row.override_28d_rate }),
    number: ".0%",
    columns: [
      ["value", "That day", share],
      ["rolling", "28 days rolling", share],
    ],
    legend: () => [
      ["28 days rolling", "var(--accent)", "line"],
      ["single day", "var(--thin)", "thin"],
      PERIOD_KEY,
      ...EVENT_KEY,
    ],
    describe: (row) =>
      `28 days rolling: ${share(row.rolling)}${row.value == null ? "" : `\nthat day: ${share(row.value)}`}`,
  }),
  figure({
    title: "Before and after events",
    how: `the declared measure in the 14 days after against the 14 before, with its 95 % interval; the newest ${EVENTS}`,
    chart: "forest",
    wide: true,
    columns: [
      ["day", "Day"],
      ["model", "Model"],
      ["label", "Event"],
      ["measure", "Measure"],
      ["value", "Change"],
      ["low", "From"],
      ["high", "To"],
      ["said", "Conclusion"],
    ],
    says: () => {
      const shared = impacts().filter((row) => row.has_overlapping_events).length;
      return shared
        ? `${shared} of ${plural(impacts().length, "event")} ${shared === 1 ? "has" : "have"} other events in the same 28 days: the change is that of all of them together, and not the effect of the one named.`
        : "";
    },
    legend: () => [
      ["on its own", "var(--accent)", "dot"],
      ["other events fall into the same days", "var(--none)", "square"],
    ],
    panels: () => {
      const filled = impacts().map((row) => ({
        day: row.day,
        model: nameOf(row.model_id),
        label: `${shortDay(row.day)}, ${row.event_kind.replace("_", " ")}: ${row.title}${isOne() ? "" : ` (${nameOf(row.model_id)})`}`,
        measure: row.measure,
        value: row.change,
        low: row.change_ci_low,
        high: row.change_ci_high,
        said: row.has_overlapping_events ? "other events fall into the same days" : "no other event near",
        colour: row.has_overlapping_events ? "var(--none)" : "var(--accent)",
        shape: row.has_overlapping_events ? "square" : "circle",
        tip: `${row.title}\n${number(row.change)}, 95 %: ${number(row.change_ci_low)} to ${number(row.change_ci_high)}`,
      }));
      const reach = reachOf(filled);
      return onePanel(
        filled.map((row) => edged(row, reach, number)),
        { number: "+~r", height: 28 * filled.length, reach },
      );
    },
  }),
  figure({
    title: "Satisfaction after incidents and releases",
    how: "correlation of the declared measure with their number so many days before; colored where its 95 % interval leaves out 0",
    chart: "heatmap",
    wide: true,
    columns: [
      ["model", "Model"],
      ["measure", "Measure"],
      ["factor", "With"],
      ["lag", "Days before"],
      ["value", "Correlation"],
      ["low", "From"],
      ["high", "To"],
    ],
    panels: () => {
      const filled = chosenRows("correlations").map((row) => {
        const isClear = row.ci_low > 0 || row.ci_high < 0;
        const factor = row.factor.replace("_count", "s");
        return {
          model: nameOf(row.model_id),
          measure: row.measure,
          factor,
          lag: row.lag_days,
          value: row.correlation,
          low: row.ci_low,
          high: row.ci_high,
          x: `${plural(row.lag_days, "day")}`,
          y: `${nameOf(row.model_id)} · ${factor}`,
          label: number(Number(row.correlation.toFixed(2))),
          shade: !isClear ? "var(--shade-0)" : row.correlation < 0 ? "var(--bad-wash)" : "var(--good-wash)",
          text: isClear ? "var(--ink)" : "var(--soft)",
          tip: `${row.measure}, ${plural(row.lag_days, "day")} after ${factor}\n${number(row.correlation, 2)}, 95 %: ${number(row.ci_low, 2)} to ${number(row.ci_high, 2)}`,
        };
      });
      return onePanel(filled, { height: 24 * new Set(filled.map((row) => row.y)).size });
    },
  }),
  figure({
    title: "What people say",
    columns: [
      ["day", "Day"],
      ["model", "Model"],
      ["sentiment", "Tone", { positive: "good", negative: "poor", mixed: "fair", neutral: "idle" }],
      ["who", "Who"],
      ["text", "Words"],
    ],
    panels: () =>
      onePanel(
        inWindow(chosenRows("notes"), "day")
          .map((row) => ({
            day: row.day,
            model: nameOf(row.model_id),
            sentiment: row.sentiment,
            who: row.author_role,
            text: [row.title, row.text].filter(Boolean).join(": "),
          }))
          .sort((a, b) => b.day.localeCompare(a.day)),
      ),
  }),
];

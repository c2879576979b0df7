// Figures of quality: accuracy by cohort, drift of features, retraining.

import { grouped, nameOf, rowsOf, sumOf } from "../data.js";
import { chartWindow, inWindow, shownWeeks } from "../days.js";
import { figure, PART, rulersOf } from "../figure.js";
import { chosenRows, cohortName, distinct, isOne, state } from "../filters.js";
import { DAY, day, number, plural, share, shortDay } from "../format.js";
import { modelPanels, onePanel, PERIOD_KEY, shade } from "../panels.js";

const ALL = "All users";

/** The weeks in which a watched feature of the model drifted. */
function driftFlags(model) {
  return [
    ...grouped(
      inWindow(rowsOf("drift", model), "week", 7).filter((row) => row.drifted_count),
      (row) => row.week,
    ),
  ].map(([week, mine]) => ({
    day: +day(week),
    colour: "var(--bad)",
    shape: "triangle-down",
    tip: `week of ${shortDay(week)}\ndrifted: ${mine.map((row) => row.feature).join(", ")}`,
  }));
}

/** The cohorts of the chosen period: all users first, then the lowest score. */
function cohortRows(model) {
  const mine = rowsOf("scores", model.model_id).filter(
    (row) =>
      row.period === state.period &&
      row.start === state.start &&
      (!state.cohort || [state.cohort, ALL].includes(cohortName(row))),
  );
  const whole = mine.find((row) => cohortName(row) === ALL);
  return mine
    .map((row) => {
      const part = cohortName(row);
      const isWorse = part !== ALL && whole && row.score_ci_high < whole.score;
      return {
        label: part,
        part,
        model: model.model_name,
        measure: row.measure.replaceAll("_", " "),
        value: row.score,
        low: row.score_ci_low,
        high: row.score_ci_high,
        n: row.labelled_count,
        state: row.is_mature ? "mature" : "still coming in",
        whole: whole?.score ?? null,
        colour: part === ALL ? "var(--ink)" : isWorse ? "var(--bad)" : "var(--accent)",
        shape: isWorse ? "triangle-down" : "circle",
        tip:
          `${part}: ${share(row.score)}, 95 %: ${share(row.score_ci_low)} to ${share(row.score_ci_high)}\n` +
          `of ${plural(row.labelled_count, "label")}${row.is_mature ? "" : "; labels of some days still arrive"}`,
      };
    })
    .sort((a, b) => (b.part === ALL) - (a.part === ALL) || a.value - b.value);
}

export const accuracyFigures = () => [
  figure({
    title: "By cohort",
    how: "each model by its declared measure, with its 95 % interval, in the chosen period; lowest first, cohorts with too few labels left out",
    chart: "levels",
    wide: true,
    by: ["cohort"],
    columns: [
      ["model", "Model"],
      ["part", "Cohort"],
      ["measure", "Measure"],
      ["value", "Score", share],
      ["low", "From", share],
      ["high", "To", share],
      ["n", "Labelled"],
      ["state", "Labels"],
    ],
    says: (panels) => {
      const worse = panels.flatMap((panel) => panel.rows).filter((row) => row.shape !== "circle");
      if (panels.length && !worse.length) return "No cohort is below its model's score by more than chance explains.";
      return panels.length
        ? `${plural(worse.length, "cohort")} ${worse.length === 1 ? "is" : "are"} below ${panels.length === 1 ? "its" : "their"} model's score by more than chance explains: ${worse.map((row) => `${isOne() ? "" : `${row.model}, `}${row.part}`).join("; ")}.`
        : "";
    },
    legend: () => [
      ["all users", "var(--ink)", "dot"],
      ["cohort", "var(--accent)", "dot"],
      ["interval below all users", "var(--bad)", "down"],
    ],
    panels: () =>
      modelPanels((model) => {
        const filled = cohortRows(model);
        return { rows: filled, note: filled[0]?.measure, number: ".0%", height: 22 * filled.length + 20 };
      }),
  }),
  figure({
    title: "By cohort and week",
    how: "each model by its declared measure; cohorts with too few labels are left out",
    chart: "scores",
    wide: true,
    height: 140,
    by: ["cohort", "version"],
    columns: [
      ["week", "Week of"],
      ["model", "Model"],
      ["part", "Cohort"],
      ["measure", "Measure"],
      ["value", "Score"],
      ["low", "From"],
      ["high", "To"],
      ["n", "Labelled"],
      ["state", "Labels"],
    ],
    legend: () => [
      ["preliminary: labels still arrive", "var(--soft)", "ring"],
      ["week in which a feature drifted", "var(--bad)", "down"],
      PERIOD_KEY,
    ],
    panels: () =>
      modelPanels((model) => {
        const mine = inWindow(rowsOf("cohorts", model.model_id), "week", 7).filter(
          (row) =>
            row.score != null && !row.is_too_small && (!state.cohort || [state.cohort, ALL].includes(cohortName(row))),
        );
        const names = [
          ALL,
          ...distinct(rowsOf("cohorts", model.model_id).map(cohortName)).filter((name) => name !== ALL),
        ];
        const colour = (name) => (name === ALL ? "var(--ink)" : PART(names.indexOf(name) - 1));
        const filled = mine.map((row) => {
          const part = cohortName(row);
          return {
            week: row.week,
            day: +day(row.week),
            when: `week of ${shortDay(row.week)}`,
            model: model.model_name,
            part,
            colour: colour(part),
            fill: row.is_mature ? colour(part) : "var(--raised)",
            measure: row.measure.replaceAll("_", " "),
            value: row.score,
            low: row.score_ci_low,
            high: row.score_ci_high,
            n: row.labelled_count,
            state: row.is_mature ? "mature" : "still coming in",
          };
        });
        return {
          rows: filled,
          note: filled[0]?.measure,
          legend: distinct(filled.map((row) => row.part)).map((part) => [part, colour(part), "line"]),
          events: driftFlags(model.model_id),
          number: ".0%",
          rulers: rulersOf(filled, (row) => `${row.part}: ${share(row.value)} of ${number(row.n)}`, 7 * DAY),
        };
      }),
  }),
];

const FEATURES = 30;

/** The bins of the model's window in the chosen period that drifted most: its PSI is the largest multiple of its threshold. */
function worstShift(model) {
  const { from, to } = chartWindow().period;
  const windows = [
    ...grouped(
      rowsOf("shifts", model).filter((row) => +new Date(row.at) >= from && +new Date(row.at) < to),
      (row) => `${row.at}|${row.feature}`,
    ).values(),
  ];
  return windows.reduce((worst, mine) => (!worst.length || mine[0].reach > worst[0].reach ? mine : worst), []);
}

export const driftFigures = () => [
  figure({
    title: "Drift by feature and week",
    how: "windows that had drifted; – where none could be tested",
    chart: "heatmap",
    wide: true,
    by: ["version"],
    columns: [
      ["model", "Model"],
      ["feature", "Feature"],
      ["week", "Week of"],
      ["drifted", "Windows drifted"],
      ["tested", "Windows tested"],
      ["psi", "Largest PSI"],
    ],
    says: () => {
      const features = grouped(inWindow(chosenRows("drift"), "week", 7), (row) => `${row.model_id}|${row.feature}`);
      const hit = [...features.values()].filter((mine) => mine.some((row) => row.drifted_count));
      return features.size
        ? `${hit.length} of ${plural(features.size, "watched feature")} drifted in these weeks${hit.length && hit.length < features.size && !isOne() ? "; the others are not shown: choose a model to see all of its own" : ""}.`
        : "";
    },
    panels: () => {
      const features = [
        ...grouped(inWindow(chosenRows("drift"), "week", 7), (row) => `${row.model_id}|${row.feature}`).values(),
      ]
        .map((mine) => ({ mine, hits: sumOf(mine, "drifted_count") }))
        .filter(({ hits }) => hits || isOne())
        .sort((a, b) => b.hits - a.hits)
        .slice(0, FEATURES);
      const top = Math.max(1, ...features.flatMap(({ mine }) => mine.map((row) => row.drifted_count)));
      const filled = features.flatMap(({ mine }) => {
        const found = new Map(mine.map((row) => [row.week, row]));
        const y = isOne() ? mine[0].feature : `${mine[0].feature} · ${nameOf(mine[0].model_id)}`;
        return shownWeeks().map((week) => {
          const row = found.get(week);
          const tested = row?.tested_count ?? 0;
          const drifted = row?.drifted_count ?? 0;
          return {
            model: nameOf(mine[0].model_id),
            feature: mine[0].feature,
            week,
            drifted,
            tested,
            psi: row?.psi ?? null,
            x: shortDay(week),
            y,
            label: tested ? drifted || "" : "–",
            ...shade(drifted, top),
            tip: `${y}\nweek of ${shortDay(week)}: ${drifted} of ${plural(tested, "window")}${row?.psi == null ? "" : `\nlargest PSI ${number(row.psi)}`}`,
          };
        });
      });
      return onePanel(filled, { height: 24 * features.length });
    },
  }),
  figure({
    title: "Most-drifted feature",
    how: "share of values, in the window of the chosen period that is furthest beyond its threshold",
    chart: "grouped",
    wide: true,
    columns: [
      ["model", "Model"],
      ["feature", "Feature"],
      ["window", "Window of"],
      ["group", "Values"],
      ["part", "Where"],
      ["value", "Share"],
    ],
    legend: () => [
      ["reference: what the version was trained on", "var(--thin)", "square"],
      ["window", "var(--part-2)", "square"],
    ],
    panels: () =>
      modelPanels((model) => {
        const mine = worstShift(model.model_id);
        const parts = [
          ["reference", "reference_share_rate", "var(--thin)"],
          ["window", "window_share_rate", "var(--part-2)"],
        ];
        return {
          title: isOne() ? mine[0]?.feature : model.model_name,
          note: mine.length
            ? `${isOne() ? "" : `${mine[0].feature}, `}${shortDay(mine[0].at)}, PSI ${number(mine[0].psi)}${mine[0].reach > 1 ? "" : ", within limits"}`
            : "",
          number: ".0%",
          rows: mine.flatMap((row) =>
            parts.map(([part, column, colour]) => ({
              model: model.model_name,
              feature: row.feature,
              window: row.at.slice(0, 10),
              group: row.bin_name,
              part,
              value: row[column],
              colour,
              tip: `${row.bin_name}\n${part}: ${share(row[column])}`,
            })),
          ),
        };
      }),
  }),
  figure({
    title: "Retraining recommendations",
    columns: [
      ["state", "Status", { open: "poor", closed: "good" }],
      ["model", "Model"],
      ["version", "Version"],
      ["since", "Raised"],
      ["reason", "Reason"],
      ["drifted", "Windows drifted"],
      ["tested", "Windows tested"],
      ["feature", "Furthest feature"],
      ["psi", "Its PSI"],
      ["closing", "Closed by"],
      ["closed", "On"],
    ],
    panels: () =>
      onePanel(
        chosenRows("retrains").map((row) => ({
          state: row.is_open ? "open" : "closed",
          model: nameOf(row.model_id),
          version: row.model_version,
          since: row.raised_at.slice(0, 10),
          reason: row.reason,
          drifted: row.drifted_window_count,
          tested: row.tested_window_count,
          feature: row.worst_feature,
          psi: row.max_psi,
          closing: row.closing_version,
          closed: row.closed_at?.slice(0, 10),
        })),
      ),
  }),
];

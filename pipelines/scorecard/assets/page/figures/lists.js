// The lists after the ten KPIs: decisions, alerts, decision gates, instrumentation, versions.

import { grouped, kpiOf, kpis, models, nameOf, rows, sumOf } from "../data.js";
import { figure } from "../figure.js";
import { cellOf, chosenModels, chosenRows } from "../filters.js";
import { amount, plural, TOO_FEW } from "../format.js";
import { onePanel } from "../panels.js";

const subject = (row) => kpiOf(row.subject_id)?.kpi_name ?? row.subject_id;
const dueCriteria = () => chosenRows("gates").filter((row) => row.status !== "not_due");
const openAlerts = () => chosenRows("alerts").filter((row) => row.status !== "closed");

/** Open decisions about a chosen model, or a project of one, in their order; all of them if every model is chosen. */
export function openDecisions() {
  const ids = new Set(chosenModels().map((model) => model.model_id));
  return rows("decisions").filter(
    (row) =>
      ids.size === models().length ||
      [row.model_id, ...(row.model_ids ?? "").split(",")].some((id) => id && ids.has(id.trim())),
  );
}

/** What the models of each team add up to; an amount that one of them lacks is not known of the team. */
const teams = () =>
  [...grouped(chosenModels(), (model) => model.team_id ?? "no team")]
    .map(([team, members]) => {
      const ids = new Set(members.map((model) => model.model_id));
      const cells = members.flatMap((model) => kpis().map((kpi) => cellOf(model.model_id, kpi.kpi_id)));
      const worth = chosenRows("portfolio").filter((row) => ids.has(row.model_id));
      const total = (field) => (worth.every((row) => row[field] != null) ? sumOf(worth, field) : null);
      return {
        team,
        models: members.length,
        met: cells.filter((cell) => cell?.status === "on_target").length,
        risk: cells.filter((cell) => cell?.status === "at_risk").length,
        missed: cells.filter((cell) => cell?.status === "off_target").length,
        alerts: openAlerts().filter((row) => ids.has(row.model_id)).length,
        value: total("value_usd"),
        cost: total("full_cost_usd"),
        net: total("net_usd"),
      };
    })
    .sort((a, b) => b.missed - a.missed || a.team.localeCompare(b.team));

/** Id → title, a sentence, and its figures. */
export const LISTS = {
  decisions: [
    "Decisions",
    () => {
      const open = openDecisions();
      if (!open.length) return "Nothing waits for a decision.";
      const overdue = open.filter((row) => row.is_overdue).length;
      return `${plural(open.length, "decision")} open${overdue ? `, ${overdue} overdue` : ""}.`;
    },
    () => [
      figure({
        title: "Open decisions",
        how: "alerts grouped by model and cause, gates, experiments and projects; failed first, then the oldest",
        columns: [
          ["severity", "Severity", { critical: "poor", failed: "poor", waiting: "fair" }],
          ["subject", "About"],
          ["decision", "Decide"],
          ["evidence", "Evidence"],
          ["options", "Options"],
          ["owner", "Owner"],
          ["signs", "Signs"],
          ["due", "Due"],
          ["opened", "Open since"],
          ["alerts", "Alerts"],
        ],
        panels: () =>
          onePanel(
            openDecisions().map((row) => ({
              severity: row.severity,
              subject: row.subject_name,
              decision: row.decision_name,
              evidence: row.evidence,
              options: row.options,
              owner: row.owner,
              signs: row.sign_off_roles,
              due: row.due_date,
              opened: row.opened_date,
              alerts: row.alert_count,
            })),
          ),
      }),
    ],
  ],
  alerts: [
    "Alerts",
    () =>
      openAlerts().length
        ? `${plural(openAlerts().length, "alert")} open, ${openAlerts().filter((row) => row.severity === "page").length} critical.`
        : "No alert is open.",
    () => [
      figure({
        title: "Open alerts",
        columns: [
          ["severity", "Severity", { page: "poor", ticket: "fair" }],
          ["model", "Model"],
          ["what", "What"],
          ["since", "Since"],
          ["evidence", "Evidence"],
          ["action", "What to do"],
          ["owner", "Owner"],
        ],
        panels: () =>
          onePanel(
            openAlerts()
              .map((row) => ({
                severity: row.severity,
                model: nameOf(row.model_id),
                what: subject(row),
                since: row.opened_at.slice(0, 10),
                evidence: row.evidence,
                action: row.recommended_action,
                owner: `${row.owner ?? "nobody"}${row.status === "acknowledged" ? " (acknowledged)" : ""}`,
              }))
              .sort((a, b) => (b.severity === "page") - (a.severity === "page")),
          ),
      }),
    ],
  ],
  gates: [
    "Decision gates",
    () =>
      dueCriteria().length
        ? `${dueCriteria().filter((row) => row.status === "passed").length} of ${plural(dueCriteria().length, "gate criterion", "gate criteria")} due are met, ${dueCriteria().filter((row) => row.status === "failed").length} failed.`
        : "No gate is due.",
    () => [
      figure({
        title: "Criteria due",
        columns: [
          ["status", "Status", { passed: "good", failed: "poor" }],
          ["model", "Model"],
          ["gate", "Gate"],
          ["day", "Due"],
          ["statement", "What must hold"],
          ["evidence", "Evidence"],
        ],
        panels: () =>
          onePanel(
            dueCriteria()
              .map((row) => ({
                status: row.status.replaceAll("_", " "),
                model: nameOf(row.model_id),
                gate: row.gate_name,
                day: row.due_date,
                statement: row.statement,
                evidence: row.evidence,
              }))
              .sort((a, b) => (a.status === "passed") - (b.status === "passed") || b.day.localeCompare(a.day)),
          ),
      }),
    ],
  ],
  coverage: [
    "Instrumentation",
    () =>
      `KPI coverage ${chosenRows("coverage").filter((row) => !row.next_step).length}/${chosenRows("coverage").length}: measured, with an owner and a target. The others show their next step.`,
    () => [
      figure({
        title: "What to connect next",
        columns: [
          ["model", "Model"],
          ["kpi", "KPI"],
          ["stage", "Stage"],
          ["done", "Steps done, of 8"],
          ["next", "Next step"],
        ],
        panels: () =>
          onePanel(
            chosenRows("coverage")
              .filter((row) => row.next_step)
              .map((row) => ({
                model: nameOf(row.model_id),
                kpi: kpiOf(row.kpi_id)?.kpi_name,
                stage: row.roadmap_stage,
                done: row.steps_done,
                next: row.next_step,
              })),
          ),
      }),
    ],
  ],
  teams: [
    "Teams",
    () => `${plural(teams().length, "team runs", "teams run")} ${plural(chosenModels().length, "model")}.`,
    () => [
      figure({
        title: "By team",
        how: "the scorecard's cells of the period, open alerts, and value less full cost, added up over a team's models",
        columns: [
          ["team", "Team"],
          ["models", "Models"],
          ["met", "Targets met"],
          ["risk", "At risk"],
          ["missed", "Missed"],
          ["alerts", "Open alerts"],
          ["value", "Value, USD"],
          ["cost", "Full cost, USD"],
          ["net", "Value less cost"],
        ],
        panels: () => onePanel(teams()),
      }),
    ],
  ],
  versions: [
    "Versions",
    () =>
      "Each KPI over the days a version served most of the traffic: spans of time, not randomised groups; amounts a month are run rates of those days.",
    () => [
      figure({
        title: "Versions side by side",
        by: ["version"],
        columns: [
          ["model", "Model"],
          ["version", "Version"],
          ["from", "From"],
          ["to", "To"],
          ...kpis().map((kpi) => [kpi.kpi_id, kpi.kpi_name, (value) => amount(kpi, value)]),
        ],
        panels: () =>
          onePanel(
            [...grouped(chosenRows("versions"), (row) => `${row.model_id}|${row.model_version}`).values()]
              .map((mine) => ({
                model: nameOf(mine[0].model_id),
                version: mine[0].model_version,
                from: mine[0].first_served_date,
                to: mine[0].last_served_date,
                ...Object.fromEntries(mine.map((row) => [row.kpi_id, row.is_too_small ? TOO_FEW : row.value])),
              }))
              .reverse(),
          ),
      }),
    ],
  ],
};

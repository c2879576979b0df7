// The lists after the ten KPIs: alerts, decision gates, instrumentation, versions.

import { grouped, kpiOf, kpis, nameOf } from "../data.js";
import { figure } from "../figure.js";
import { chosenRows } from "../filters.js";
import { amount, plural } from "../format.js";
import { onePanel } from "../panels.js";

const subject = (row) => kpiOf(row.subject_id)?.kpi_name ?? row.subject_id;
const dueCriteria = () => chosenRows("gates").filter((row) => row.status !== "not_due");
const openAlerts = () => chosenRows("alerts").filter((row) => row.status !== "closed");

/** Id → title, a sentence, and its figures. */
export const LISTS = {
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
  versions: [
    "Versions",
    () => "Each KPI over the days a version served most of the traffic: spans of time, not randomised groups.",
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
                ...Object.fromEntries(mine.map((row) => [row.kpi_id, row.value])),
              }))
              .reverse(),
          ),
      }),
    ],
  ],
};

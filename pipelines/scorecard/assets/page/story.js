// A model's story in four sentences: what it is, what it is worth, what is wrong, what to decide.

import { kpis, rowsOf } from "./data.js";
import { openDecisions } from "./figures/lists.js";
import { cellOf, chosenPeriod } from "./filters.js";
import { longDay, money, plural, withArticle } from "./format.js";

const KINDS = { model: "model", agent: "agent", decision_system: "decision system" };

function identity(model) {
  const version = rowsOf("versions", model.model_id).at(-1);
  const run = [
    model.team_id && `run by ${model.team_id}`,
    model.owner ? `owned by ${model.owner}` : "without an owner",
  ];
  const served = version ? `; ${version.model_version} serves since ${longDay(version.first_served_date)}` : "";
  return `${model.model_name}, ${withArticle(KINDS[model.model_kind] ?? model.model_kind)} of ${model.business_unit ?? "no business unit"}, is ${run.filter(Boolean).join(" and ")}${served}.`;
}

function worth(row) {
  if (!row?.first_date) return "No whole month of its value and cost is known yet.";
  const days = `From ${longDay(row.first_date)} to ${longDay(row.last_date)}`;
  if (row.full_cost_usd == null) return `${days} its full cost is not known.`;
  if (row.value_usd == null) return `${days} it cost ${money(row.full_cost_usd)}, and no value was stated or measured.`;
  const grade = { measured: "measured", actual: "as finance recorded it", claimed: "claimed, not measured" };
  return (
    `${days} it was worth ${money(row.value_usd)} (${grade[row.evidence_grade]}) and cost ${money(row.full_cost_usd)}: ` +
    `${row.verdict}.`
  );
}

function trouble(model, row) {
  const cells = kpis().map((kpi) => cellOf(model.model_id, kpi.kpi_id));
  const judged = cells.filter((cell) => cell?.target != null && cell.value != null);
  const met = judged.filter((cell) => cell.status === "on_target").length;
  const targets = judged.length
    ? `It met ${met} of ${plural(judged.length, "target")} in ${chosenPeriod()}`
    : `It had no target in ${chosenPeriod()}`;
  return `${targets}; ${row?.breaches ? `breached: ${row.breaches}` : "no guardrail, objective or limit is breached"}.`;
}

function decision() {
  const open = openDecisions();
  if (!open.length) return "Nothing waits for a decision.";
  const [first] = open;
  const due = first.due_date ? `, ${first.is_overdue ? "overdue since" : "due"} ${longDay(first.due_date)}` : "";
  return `${plural(open.length, "decision")} ${open.length === 1 ? "waits" : "wait"}, first: ${first.decision_name} (${first.owner ?? "no owner"}${due}).`;
}

/** The story of a `model`, the one that is chosen. */
export function story(model) {
  const [row] = rowsOf("portfolio", model.model_id);
  return [identity(model), worth(row), trouble(model, row), decision()].join(" ");
}

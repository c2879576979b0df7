// Cards of what was tried: what was done, what was measured, what was decided. One for each experiment of the marts.

import { nameOf } from "./data.js";
import { byId, h, tag } from "./dom.js";
import { address, chosenRows, currentView, isOne } from "./filters.js";
import { change, gradeName, longDay } from "./format.js";

const HOME = 4;
const TONES = { invalid: "poor", underpowered: "fair", running: "idle", finished: "good" };

/**
 * The experiments that have a card, of their first variant and primary metric: those that people decided on first, then the
 * newest. Home has those that are decided, else any.
 */
function told() {
  const seen = new Set();
  const all = chosenRows("experiments")
    .filter((row) => row.is_primary && row.lift_relative != null)
    .filter((row) => !seen.has(row.experiment_id) && seen.add(row.experiment_id))
    .sort((a, b) => !a.decided - !b.decided || b.start_date.localeCompare(a.start_date));
  const decided = all.filter((row) => row.decided);
  return currentView() === "home" ? (decided.length ? decided : all).slice(0, HOME) : all;
}

function card(row) {
  const days = `${row.end_date ? "from" : "since"} ${longDay(row.start_date)}${row.end_date ? ` to ${longDay(row.end_date)}` : ""}`;
  const said = [
    ["Done", `${row.hypothesis} Tried ${days}.`],
    [
      "Measured",
      `${row.metric_name} ${change(row.lift_relative)}` +
        `${row.lift_relative_ci_low == null ? "" : `, 95 %: ${change(row.lift_relative_ci_low)} to ${change(row.lift_relative_ci_high)}`}` +
        ` (${gradeName(row.evidence_grade)}).`,
    ],
    ["Decided", row.decided ?? `Nothing yet. ${row.decision}`],
  ];
  return h(
    "article",
    { class: "story" },
    h(
      "h3",
      {},
      h("a", { href: address({ view: "", at: "kpi-business_value", model: row.model_id }) }, row.experiment_name),
      " ",
      tag(row.status, TONES[row.status] ?? "idle"),
    ),
    isOne() ? null : h("p", { class: "quiet" }, nameOf(row.model_id)),
    h(
      "dl",
      {},
      said.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
  );
}

/** Fill the section; it is empty where nothing was measured. */
export function stories() {
  const cards = told();
  byId("stories").replaceChildren(
    ...(cards.length
      ? [h("header", {}, h("h2", {}, "What was tried")), h("div", { class: "stories" }, cards.map(card))]
      : []),
  );
}

// The first section of the home view: how old the data are, what was spent and returned, who is in trouble, what to decide.

import { lastDay, nameOf, rows } from "./data.js";
import { byId, h, tag } from "./dom.js";
import { openDecisions } from "./figures/lists.js";
import { spendingMonth, spendingName } from "./figures/portfolio.js";
import { address, chosenRows } from "./filters.js";
import { DAY, isoDay, longDay, money, plural } from "./format.js";

const HOUR = 3_600_000;
const SHOWN = 4;
const VERDICTS = { retire: "poor", fix: "fair", experiment: "idle", scale: "good" };
export const verdictTag = (verdict) => (verdict ? tag(verdict, VERDICTS[verdict]) : "–");

/** The sources whose newest day ended longer ago than they may be old, by the reader's clock. */
const staleSources = (now) =>
  rows("sources").filter((row) => now > Date.parse(row.newest_date) + DAY + row.fresh_hours * HOUR);

/** Data until when; a warning where a source is older than it may be. */
function freshness(now) {
  const all = rows("sources");
  if (!all.length) return h("p", { class: "quiet" }, "No source is connected yet.");
  const newest = isoDay(lastDay());
  const stale = staleSources(now);
  if (!stale.length)
    return h("p", { class: "quiet" }, `Data to ${longDay(newest)}; every source is as new as it has to be.`);
  const age = plural(Math.floor((now - Date.parse(newest) - DAY) / DAY), "day");
  const behind = stale.filter((row) => row.is_behind);
  return h(
    "details",
    { class: "stale" },
    h(
      "summary",
      {},
      h("b", {}, `Data to ${longDay(newest)}: ${age} old. `),
      `${stale.length} of ${plural(all.length, "source")} ${stale.length === 1 ? "is" : "are"} older than allowed` +
        `${behind.length && behind.length < stale.length ? `, ${behind.length} of them also behind the others` : ""}.`,
    ),
    h(
      "ul",
      {},
      stale.map((row) =>
        h(
          "li",
          {},
          `${row.title}: to ${longDay(row.newest_date)}, ${plural(row.fresh_hours, "hour")} allowed` +
            `${row.kpi_names ? `; read by ${row.kpi_names}` : ""}`,
        ),
      ),
    ),
  );
}

const line = (text, href) => h("li", {}, href ? h("a", { href }, text) : text);

const block = (title, figure, lines, href) =>
  h("div", {}, h("h3", {}, h("a", { href }, title)), h("p", { class: "big" }, figure), h("ul", {}, lines));

function moneyBlocks(row) {
  const spent = row.investment_usd == null ? null : row.investment_usd + row.running_usd;
  const projectsBelow = row.negative_project_count;
  const bridge = address({ at: "reconciliation" });
  return h(
    "div",
    { class: "ledger" },
    block(
      "Spent",
      spent == null ? "not closed" : money(spent),
      [
        line(
          spent == null
            ? "finance has not closed the month"
            : `${money(row.investment_usd)} investment, ${money(row.running_usd)} running`,
        ),
        line(`to date ${money(row.investment_to_date_usd + row.running_to_date_usd)}`),
        line(
          `cloud bill ${money(row.bill_usd)}: ${money(row.bill_unallocated_usd)} of no model, ` +
            `${money(row.bill_unused_usd)} unused; finance's amounts include it`,
          address({ at: "kpi-cost_per_prediction" }),
        ),
      ],
      bridge,
    ),
    block(
      "Returned, as measured",
      money(row.measured_usd),
      [
        row.measured_ci_low_usd != null &&
          line(`95 %: ${money(row.measured_ci_low_usd)} to ${money(row.measured_ci_high_usd)}`),
        line(
          `recorded by finance ${row.actual_usd == null ? "not yet" : money(row.actual_usd)}, planned ${money(row.planned_usd)}`,
          bridge,
        ),
        line(
          `claimed and unmeasured ${money(row.claimed_usd)}, ${plural(row.claimed_model_count, "model")}`,
          address({ at: "kpi-business_value" }),
        ),
      ].filter(Boolean),
      bridge,
    ),
    block(
      "To explain",
      row.difference_usd == null ? "–" : money(row.difference_usd),
      row.difference_usd == null
        ? [line(row.difference_gap_reason ?? "nothing was measured")]
        : [
            line("measured less recorded by finance"),
            row.measured_unrecorded_usd != null &&
              line(`${money(row.measured_unrecorded_usd)} measured, of models that finance does not see`),
            row.difference_compared_usd != null &&
              line(`${money(row.difference_compared_usd)} of models that have both`),
          ].filter(Boolean),
      bridge,
    ),
    block(
      "Portfolio NPV",
      money(row.npv_usd),
      [
        line(`${plural(row.project_count, "project")}, as known ${longDay(row.as_of)}`),
        line(
          projectsBelow ? `${projectsBelow} below zero` : "none below zero",
          address({ view: "project", at: "kpi-npv" }),
        ),
      ],
      address({ view: "project" }),
    ),
  );
}

/** Models that something is wrong with, the worst first, each with its evidence. */
function trouble() {
  const critical = new Map();
  for (const alert of chosenRows("alerts"))
    if (alert.status !== "closed" && alert.severity === "page")
      critical.set(alert.model_id, (critical.get(alert.model_id) ?? 0) + 1);
  const worst = chosenRows("portfolio")
    .filter((row) => row.breaches || row.verdict === "retire" || critical.has(row.model_id))
    .sort(
      (a, b) =>
        (b.verdict === "retire") - (a.verdict === "retire") ||
        (critical.get(b.model_id) ?? 0) - (critical.get(a.model_id) ?? 0) ||
        nameOf(a.model_id).localeCompare(nameOf(b.model_id)),
    );
  return h(
    "div",
    {},
    h("h3", {}, "In trouble"),
    worst.length
      ? h(
          "ul",
          { class: "queue" },
          worst
            .slice(0, SHOWN)
            .map((row) =>
              h(
                "li",
                {},
                h("a", { href: address({ view: "model", model: row.model_id }) }, nameOf(row.model_id)),
                " ",
                verdictTag(row.verdict),
                h("p", {}, row.breaches ?? row.verdict_reason),
              ),
            ),
        )
      : h("p", { class: "quiet" }, "No model has a breach or a critical alert."),
    worst.length > SHOWN && h("a", { href: address({ at: "portfolio" }) }, `All ${worst.length}`),
  );
}

/** The decisions that are open, the most urgent first. */
function decisions() {
  const open = openDecisions();
  return h(
    "div",
    {},
    h("h3", {}, "Decide today"),
    open.length
      ? h(
          "ol",
          { class: "queue" },
          open
            .slice(0, SHOWN)
            .map((row) =>
              h(
                "li",
                {},
                h("a", { href: address({ at: "decisions" }) }, `${row.subject_name}: ${row.decision_name}`),
                h("p", {}, row.evidence),
                h("p", { class: "quiet" }, [owners(row), due(row)].filter(Boolean).join(" · ")),
              ),
            ),
        )
      : h("p", { class: "quiet" }, "Nothing waits for a decision."),
    open.length > SHOWN && h("a", { href: address({ at: "decisions" }) }, `All ${plural(open.length, "decision")}`),
  );
}

const owners = (row) =>
  `${row.owner ?? "no owner"}${row.sign_off_roles ? `; to be signed by ${row.sign_off_roles}` : ""}`;
const due = (row) =>
  row.due_date
    ? `${row.is_overdue ? "overdue since" : "due"} ${longDay(row.due_date)}`
    : `open since ${longDay(row.opened_date)}`;

/** Fill the section. */
export function home() {
  const row = spendingMonth();
  byId("home").replaceChildren(
    ...[
      freshness(Date.now()),
      row && h("h2", {}, spendingName(row)),
      row && moneyBlocks(row),
      h("div", { class: "two" }, trouble(), decisions()),
    ].filter(Boolean),
  );
}

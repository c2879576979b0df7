// The first section: matrix of models and KPIs, tiles of one model, version or project, and the dialog of a cell.

import { content, firstDay, grouped, kpis, nameOf, rows, rowsOf, seriesOf } from "./data.js";
import { chartWindow } from "./days.js";
import { byId, h, mark, STATUSES, svg } from "./dom.js";
import {
  address,
  cellOf,
  chosenModels,
  chosenPeriod,
  chosenRows,
  comparedCell,
  isOne,
  modelIdsOf,
  previousValue,
  projects,
  state,
} from "./filters.js";
import {
  amount,
  amountOf,
  cellAmount,
  DAY,
  day,
  gradeName,
  isRunRate,
  longDay,
  money,
  number,
  periodName,
  plural,
  share,
  TOO_FEW,
  tabled,
  unitOf,
} from "./format.js";
import { story } from "./story.js";

const TRENDS = {
  improving: "better than the period before",
  worsening: "worse than the period before",
  steady: "steady",
};
const NO_CELL = { status: "no_data", value: null };

/** The values of the last thirteen whole weeks that charts may show: half a week at the end would look like a fall. */
export function weeklyValues(model, kpi) {
  const [values] = seriesOf("weeks", model, kpi) ?? [[]];
  const start = +day(content.weeks.start);
  const end = Math.floor((chartWindow().to + DAY - start) / (7 * DAY));
  return values.slice(Math.max(end - 13, start < firstDay() ? 1 : 0), Math.max(end, 0));
}

/** The models as the matrix lists them: most KPIs off target first, then most at risk. */
function worstFirst(shown) {
  const count = (model, status) => kpis().filter((kpi) => cellOf(model.model_id, kpi.kpi_id)?.status === status).length;
  const ranked = shown.map((model) => [count(model, "off_target"), count(model, "at_risk"), model]);
  return ranked.sort((a, b) => b[0] - a[0] || b[1] - a[1]).map(([, , model]) => model);
}

/** The KPI's weeks as a line. */
function spark(model, kpi) {
  const values = weeklyValues(model, kpi);
  const known = values.filter((value) => value != null);
  if (known.length < 3) return null;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const points = values
    .map((value, i) =>
      value == null
        ? null
        : `${((100 * i) / (values.length - 1)).toFixed(1)},${(18 - (16 * (value - low)) / span).toFixed(1)}`,
    )
    .filter(Boolean);
  return svg(
    `<polyline points="${points.join(" ")}" fill="none" stroke="currentColor" stroke-width="1.4" ` +
      'vector-effect="non-scaling-stroke"/>',
    { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" },
  );
}

const BEGUN = 2; // a change from which a cell says what the value was instead of a percentage

/** How a cell compares with the chosen period, else with the one before, as the marts say. */
function changeText(kpi, cell) {
  if (state.against) {
    const other = comparedCell(cell)?.value;
    if (other == null) return null;
    return `${cell.value > other ? "↑" : cell.value < other ? "↓" : "→"} from ${amount(kpi, other)}`;
  }
  if (!cell.trend || previousValue(cell) == null) return null;
  if (cell.trend === "steady") return "→ steady";
  const arrow = cell.value > previousValue(cell) ? "↑" : "↓";
  // What has only begun has no rate of change.
  const size =
    cell.change_relative == null
      ? ""
      : Math.abs(cell.change_relative) >= BEGUN
        ? ` from ${amount(kpi, previousValue(cell))},`
        : ` ${number(Math.abs(100 * cell.change_relative), 2)} %`;
  return `${arrow}${size} ${cell.trend === "improving" ? "better" : "worse"}`;
}

function gradeOf(kpi, cell) {
  if (kpi.kpi_id !== "business_value" || cell.value == null) return null;
  return gradeName(rowsOf("worth", cell.model_id).findLast((row) => row.day <= cell.as_of)?.evidence_grade);
}

/** A target in the unit of the value above it, of which what stands behind a slash need not be said twice. */
const targetText = (kpi, cell) => (unitOf(kpi).startsWith("/") ? amount : amountOf)(kpi, cell.target);

function cellButton(model, kpi) {
  const cell = cellOf(model.model_id, kpi.kpi_id) ?? NO_CELL;
  const gap = cell.gap_reason ?? "not measured";
  const label =
    `${model.model_name}, ${kpi.kpi_name}: ${cell.value == null ? gap : cellAmount(kpi, cell)}, ` +
    STATUSES[cell.status];
  const unit = unitOf(kpi);
  const inside =
    cell.value == null
      ? h("span", { class: "gap" }, mark("no_data"), gap.replaceAll("_", "_\u200b"))
      : [
          h(
            "span",
            { class: "value" },
            mark(cell.status),
            h("b", {}, amount(kpi, cell.value)),
            unit && h("i", {}, unit.startsWith("/") ? unit : ` ${unit}`),
          ),
          isRunRate(kpi, cell) && h("small", {}, "run rate"),
          h("small", { class: "target" }, cell.target == null ? "no target" : `target ${targetText(kpi, cell)}`),
          cell.target_basis && h("small", {}, "by severity"),
          changeText(kpi, cell) && h("small", {}, changeText(kpi, cell)),
          gradeOf(kpi, cell) && h("small", {}, gradeOf(kpi, cell)),
          spark(model.model_id, kpi.kpi_id),
        ];
  return h(
    "button",
    {
      type: "button",
      class: `cell ${cell.status}`,
      "aria-label": label,
      "data-model": model.model_id,
      "data-kpi": kpi.kpi_id,
      onclick: () => openCell(model, kpi),
    },
    inside,
  );
}

function openCell(model, kpi) {
  const cell = cellOf(model.model_id, kpi.kpi_id);
  const facts = [];
  facts.push(["Period", `${chosenPeriod()}${cell ? `, as of ${longDay(cell.as_of)}` : ""}`]);
  if (cell) {
    facts.push(
      ["Value", cell.value == null ? `undefined: ${cell.gap_reason ?? "not measured"}` : cellAmount(kpi, cell)],
      [kpi.numerator_name, tabled(cell.numerator)],
      [kpi.denominator_name, tabled(cell.denominator)],
    );
    if (cell.ci_low != null)
      facts.push(["95 % interval", `${amount(kpi, cell.ci_low)} to ${amountOf(kpi, cell.ci_high)}`]);
    if (gradeOf(kpi, cell)) facts.push(["Evidence", gradeOf(kpi, cell)]);
    if (cell.sample_size != null) facts.push(["Observations", tabled(cell.sample_size)]);
    facts.push([
      "Target",
      cell.target == null
        ? "none"
        : `${amountOf(kpi, cell.target)} or ${kpi.is_higher_better ? "more" : "less"}: ${STATUSES[cell.status]}`,
    ]);
    if (cell.target_basis)
      facts.push([
        "Targets by severity",
        `${cell.target_basis}. The target is the mean of these targets, weighted by the incidents resolved.`,
      ]);
    if (cell.baseline != null) facts.push(["Baseline", amountOf(kpi, cell.baseline)]);
    if (cell.trend) facts.push(["Trend", TRENDS[cell.trend]]);
    facts.push(
      ["Objective", cell.objective ?? "none: a vanity metric until it serves one"],
      ["Data until", cell.source_freshness ?? "no source"],
    );
  }
  facts.push(["Definition", `${kpi.definition} (version ${kpi.definition_version})`]);
  byId("cell").replaceChildren(
    h("h2", { id: "cell-title" }, `${model.model_name}: ${kpi.kpi_name}`),
    h(
      "dl",
      {},
      facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
    h(
      "form",
      { method: "dialog" },
      h(
        "a",
        {
          class: "button",
          href: address({ model: model.model_id, at: `kpi-${kpi.kpi_id}` }),
          onclick: () => byId("cell").close(),
        },
        "Show its chart",
      ),
      h("button", { autofocus: true }, "Close"),
    ),
  );
  byId("cell").showModal();
}

function matrix(shown) {
  const groups = grouped(kpis(), (kpi) => kpi.kpi_group);
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scorecard, scrolls sideways" },
    h(
      "table",
      { class: "matrix" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          [...groups].map(([group, members]) =>
            h("th", { class: "group", scope: "colgroup", colspan: members.length }, group),
          ),
        ),
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Model"),
          kpis().map((kpi) =>
            h(
              "th",
              { scope: "col" },
              h("a", { href: address({ at: `kpi-${kpi.kpi_id}` }), title: kpi.definition }, kpi.kpi_name),
            ),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        worstFirst(shown).map((model) =>
          h(
            "tr",
            {},
            h(
              "th",
              { scope: "row" },
              h("a", { href: address({ model: model.model_id }) }, model.model_name),
              h("span", {}, model.business_unit),
            ),
            kpis().map((kpi) => h("td", { "data-label": kpi.kpi_name }, cellButton(model, kpi))),
          ),
        ),
      ),
    ),
  );
}

function modelTiles(model) {
  return h(
    "div",
    { class: "tiles" },
    kpis().map((kpi) =>
      h(
        "div",
        {},
        h("h3", {}, h("a", { href: address({ at: `kpi-${kpi.kpi_id}` }) }, kpi.kpi_name)),
        cellButton(model, kpi),
      ),
    ),
  );
}

/** A version's ten: each KPI over the days it served, beside the version before. */
function versionTiles() {
  const mine = new Map(
    chosenRows("versions")
      .filter((row) => row.model_version === state.version)
      .map((row) => [row.kpi_id, row]),
  );
  return h(
    "div",
    { class: "tiles" },
    kpis().map((kpi) => {
      const row = mine.get(kpi.kpi_id);
      return h(
        "div",
        {},
        h("h3", {}, kpi.kpi_name),
        h(
          "p",
          { class: "cell" },
          row?.value == null || row.is_too_small
            ? h("span", { class: "gap" }, row?.is_too_small ? TOO_FEW : "not measured while it served")
            : [
                h("span", { class: "value" }, h("b", {}, amount(kpi, row.value)), h("i", {}, unitOf(kpi))),
                h(
                  "small",
                  {},
                  row.previous_value == null || row.is_previous_too_small
                    ? row.is_previous_too_small
                      ? `${TOO_FEW} with the version before`
                      : "no version before it was measured"
                    : `${amount(kpi, row.previous_value)} with the version before`,
                ),
              ],
        ),
      );
    }),
  );
}

function projectTiles(project) {
  const base = rows("scenarios").find(
    (row) => row.project_id === project.project_id && row.kind === "scenario" && row.name === "base",
  );
  const months = (value) => (value == null ? "never" : plural(Number(number(value, 2)), "month"));
  const facts = [
    [
      "Net present value",
      money(project.npv_usd),
      project.gap_reason ?? `discounted by ${share(project.discount_rate)} a year`,
    ],
    [
      "Internal rate of return",
      share(project.irr),
      project.irr == null ? "none, or several rates" : "a year, at completion",
    ],
    ["Payback", project.npv_usd == null ? "–" : months(project.payback_months), "until the money is back"],
    [
      "Discounted payback",
      project.npv_usd == null ? "–" : months(project.discounted_payback_months),
      "the same, discounted",
    ],
    [
      "Probability that NPV > 0",
      share(base?.npv_positive_rate),
      base?.npv_positive_rate == null
        ? "no input is uncertain"
        : `that NPV is above zero, of ${number(base.draw_count)} draws`,
    ],
  ];
  return h(
    "div",
    { class: "tiles" },
    facts.map(([name, value, note]) =>
      h("div", {}, h("h3", {}, name), h("p", { class: "cell" }, h("b", {}, value), h("small", {}, note))),
    ),
  );
}

export function overview() {
  const shown = chosenModels();
  const project = projects().get(state.project);
  const one = isOne() && !project ? shown[0] : null;
  let title = "Balanced scorecard";
  let says;
  let body;
  let about = null;
  if (project) {
    title = project.project_name;
    says =
      project.npv_usd == null
        ? `It has no net present value: ${project.gap_reason ?? "no plan was approved yet"}.`
        : `Worth ${money(project.npv_usd)} at completion, as known ${longDay(project.as_of)}.`;
    about = [
      ["Sponsor", project.sponsor],
      ["For", modelIdsOf(project).map(nameOf).join(", ")],
    ];
    body = projectTiles(project);
  } else {
    const counted = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0]));
    for (const model of shown)
      for (const kpi of kpis()) counted[(cellOf(model.model_id, kpi.kpi_id) ?? NO_CELL).status] += 1;
    const evaluated = counted.on_target + counted.at_risk + counted.off_target;
    says = !shown.length
      ? "No model is chosen."
      : !evaluated && !counted.no_target
        ? "Nothing has been measured in this period yet."
        : `In ${chosenPeriod()}, ${counted.on_target} of ${plural(evaluated, "target")} ${evaluated === 1 ? "is" : "are"} met, ` +
          `${counted.at_risk} at risk and ${counted.off_target} missed; ${plural(counted.no_target, "KPI has", "KPIs have")} ` +
          `no target, ${counted.no_data} no data.` +
          `${state.against ? ` Compared with ${periodName(state.period, state.against)}.` : ""}`;
    if (one) {
      title = one.model_name;
      about = [["What it does", one.model_description]];
      if (!state.version) says = story(one);
      if (state.version) {
        const served = chosenRows("versions").find((row) => row.model_version === state.version);
        title += `, ${state.version}`;
        says =
          `Served from ${longDay(served.first_served_date)} to ${longDay(served.last_served_date)}. Each KPI over those days: ` +
          "a span of time, not a randomised group.";
      }
      body = state.version ? versionTiles() : modelTiles(one);
    } else body = shown.length ? matrix(shown) : null;
  }
  byId("overview").replaceChildren(
    h(
      "header",
      {},
      h("h2", {}, title),
      about &&
        h(
          "p",
          { class: "quiet" },
          about
            .filter(([, text]) => text)
            .map(([term, text]) => `${term}: ${text}`)
            .join(" · "),
        ),
      h("p", { class: "says" }, says),
    ),
    ...(project || state.version
      ? []
      : [
          h(
            "p",
            { class: "key" },
            Object.entries(STATUSES).map(([status, words]) => h("span", { class: status }, mark(status), words)),
          ),
        ]),
    ...(body ? [body] : []),
  );
}

/** A KPI's section read in words. */
export function sentence(kpi) {
  const when = chosenPeriod();
  const known = chosenModels()
    .map((model) => cellOf(model.model_id, kpi.kpi_id))
    .filter((cell) => cell?.value != null);
  if (!known.length) return `No value in ${when}.`;
  const evaluated = known.filter((cell) => cell.target != null);
  const missed = evaluated.filter((cell) => cell.status === "off_target");
  const met = evaluated.filter((cell) => cell.status === "on_target");
  const far = (a, b) => (a > 0 && b > 0 ? Math.abs(Math.log(a / b)) : 0);
  const most = (list, measure) =>
    list.reduce((best, cell) => (!best || measure(cell) > measure(best) ? cell : best), null);
  const parts = [];
  if (known.length === 1) {
    const [cell] = known;
    parts.push(
      `${nameOf(cell.model_id)}: ${cellAmount(kpi, cell)} in ${when}` +
        `${cell.target == null ? "" : `, ${STATUSES[cell.status]} (${amountOf(kpi, cell.target)})`}.`,
    );
  } else if (evaluated.length) {
    parts.push(`${met.length} of ${plural(evaluated.length, "model")} with a target met it in ${when}.`);
  } else parts.push(`${plural(known.length, "model")} measured in ${when}, none with a target.`);
  const furthest = most(missed, (cell) => far(cell.value, cell.target));
  if (known.length > 1 && furthest) {
    parts.push(
      `Furthest off: ${nameOf(furthest.model_id)}, ${cellAmount(kpi, furthest)} against ${amountOf(kpi, furthest.target)}.`,
    );
  }
  const shifted = known.filter((cell) => cell.trend && cell.trend !== "steady" && previousValue(cell) > 0);
  const largest = most(shifted, (cell) => far(cell.value, previousValue(cell)));
  if (largest) {
    parts.push(
      `Largest change: ${nameOf(largest.model_id)}, from ${amountOf(kpi, previousValue(largest))} to ` +
        `${cellAmount(kpi, largest)}, ${largest.trend === "improving" ? "better" : "worse"}.`,
    );
  }
  return parts.join(" ");
}

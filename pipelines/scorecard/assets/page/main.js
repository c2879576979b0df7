// Puts the page together: sections, filter controls, and what happens when something else is chosen.

import { content, kpis, nameOf, setContent, starts, unpack } from "./data.js";
import { byId, h } from "./dom.js";
import { drawAll, drawn, drawWith, figures } from "./figure.js";
import { LISTS } from "./figures/lists.js";
import { address, DEFAULTS, FILTER_LABELS, navigate, OFFERS, projects, readAddress, SPANS, state } from "./filters.js";
import { longDay, periodName } from "./format.js";
import { overview, sentence } from "./scorecard.js";
import { figuresOf } from "./sections.js";

const PROJECT_PAGE = ["overview", "kpi-npv"];
const SELECTS = ["team", "model", "unit", "version", "cohort", "instance", "project"];

function build() {
  const sections = [
    ["overview", "Scorecard"],
    ...kpis().map((kpi) => [`kpi-${kpi.kpi_id}`, kpi.kpi_name]),
    ...Object.entries(LISTS).map(([id, [title]]) => [id, title]),
  ];
  byId("main").replaceChildren(...sections.map(([id, title]) => h("section", { id, "aria-label": title })));
  for (const kpi of kpis()) {
    byId(`kpi-${kpi.kpi_id}`).append(
      h(
        "header",
        {},
        h("p", { class: "quiet" }, kpi.kpi_group),
        h("h2", {}, kpi.kpi_name),
        h("p", { class: "says" }),
        h(
          "details",
          {},
          h("summary", {}, "What this means"),
          h(
            "p",
            {},
            kpi.definition,
            ` It is ${kpi.numerator_name} divided by ${kpi.denominator_name}; ` +
              `${kpi.is_higher_better ? "more" : "less"} is better.`,
          ),
        ),
      ),
      h("div", { class: "charts" }, figuresOf(kpi)),
    );
  }
  for (const [id, [title, , make]] of Object.entries(LISTS)) {
    byId(id).append(
      h("header", {}, h("h2", {}, title), h("p", { class: "says" })),
      h("div", { class: "charts" }, make()),
    );
  }
  byId("contents").append(...sections.map(([id, text]) => h("a", { "data-at": id }, text)));
}

function options(select, values, none, picked) {
  const pairs = values.map((value) => (Array.isArray(value) ? value : [value, value]));
  select.replaceChildren(
    ...(none == null ? [] : [h("option", { value: "" }, none)]),
    ...pairs.map(([value, text]) => h("option", { value }, text)),
  );
  select.value = picked;
  select.disabled = !pairs.length;
}

function controls() {
  byId("period").value = state.period;
  byId("start").previousElementSibling.textContent = `${state.period[0].toUpperCase()}${state.period.slice(1)}`;
  options(
    byId("start"),
    starts(state.period)
      .reverse()
      .map((start) => [start, periodName(state.period, start)]),
    null,
    state.start,
  );
  options(byId("days"), Object.entries(SPANS), null, state.days);
  for (const name of SELECTS) options(byId(name), OFFERS[name](), "All", state[name]);
  const named = { model: nameOf, project: (id) => projects().get(id).project_name };
  byId("chips").replaceChildren(
    ...Object.keys(FILTER_LABELS)
      .filter((name) => state[name])
      .map((name) => {
        const text = `${FILTER_LABELS[name]}: ${(named[name] ?? String)(state[name])}`;
        return h(
          "button",
          { type: "button", class: "chip", "aria-label": `${text}, remove`, onclick: () => navigate({ [name]: "" }) },
          text,
          h("span", { "aria-hidden": "true" }, " ×"),
        );
      }),
  );
}

/** Whether a figure stands before the end of the section `at`: laid out first, it does not push that section away. */
const before = (element, at) =>
  Boolean(at && byId(at)) &&
  !(byId(at).compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING && !byId(at).contains(element));

/** Show everything as the address has it. */
function show() {
  performance.mark("choosing");
  readAddress(location.hash);
  controls();
  overview();
  for (const section of byId("main").children)
    section.hidden = Boolean(state.project) && !PROJECT_PAGE.includes(section.id);
  for (const kpi of kpis()) byId(`kpi-${kpi.kpi_id}`).querySelector(".says").textContent = sentence(kpi);
  for (const [id, [, says]] of Object.entries(LISTS)) byId(id).querySelector(".says").textContent = says();
  for (const one of figures) {
    one.stale = true;
    one.filled = null;
    one.all = false;
    if (one.seen || before(one.element, state.at)) one.show();
  }
  for (const link of byId("contents").children) {
    link.href = address({ at: link.dataset.at });
    link.hidden = byId(link.dataset.at).hidden;
  }
  if (state.at) byId(state.at)?.scrollIntoView();
  document.title = [
    projects().get(state.project)?.project_name ?? (state.model && nameOf(state.model)),
    content.company,
    "AI workforce scorecard",
  ]
    .filter(Boolean)
    .join(" · ");
  requestAnimationFrame(() =>
    requestAnimationFrame(async () => {
      await drawn();
      performance.measure("shown", "choosing");
    }),
  );
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

/** Take the text out of the element `id`, unpacked. */
function take(id) {
  const element = byId(id);
  element.remove();
  return unpack(element.textContent);
}

/** Vega, run as a script of its own: the page's policy names its digest. */
async function loadVega() {
  const text = await take("libraries");
  await new Promise((resolve) => {
    window.drawerReady = resolve;
    document.head.append(Object.assign(document.createElement("script"), { type: "module", textContent: text }));
  });
  return window.vegaEmbed;
}

async function start() {
  theme(matchMedia("(prefers-color-scheme: dark)").matches);
  byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
  setContent(JSON.parse(await take("data")));
  byId("company").textContent = content.company;
  byId("made").textContent = content.made_at
    ? `Published ${longDay(content.made_at)}, ${content.made_at.slice(11, 16)} UTC, from marts that passed ` +
      "their tests. Every number can be looked up in marts.duckdb beside this page."
    : "";
  build();
  for (const name of ["period", "start", "days", ...SELECTS]) {
    byId(name).addEventListener("change", (event) =>
      navigate({ [name]: event.target.value, ...(name === "period" ? { start: "" } : {}) }),
    );
  }
  byId("reset").addEventListener("click", () => navigate(DEFAULTS));
  addEventListener("hashchange", show);
  byId("print").addEventListener("click", async () => {
    await drawAll();
    print();
  });
  addEventListener("beforeprint", drawAll);
  drawWith(new Promise((resolve) => setTimeout(() => resolve(loadVega()))));
  show();
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

start();

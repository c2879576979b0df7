// Puts the page together: sections, filter controls, and what happens when something else is chosen.

import { content, kpis, nameOf, setContent, starts, unpack } from "./data.js";
import { byId, h } from "./dom.js";
import { drawAll, drawn, drawWith, figures, isVisible } from "./figure.js";
import { ANNOTATIONS, CONTROLS } from "./figures/controls.js";
import { LISTS } from "./figures/lists.js";
import { PORTFOLIO, showHypothesis } from "./figures/portfolio.js";
import {
  address,
  currentView,
  DEFAULTS,
  FILTER_LABELS,
  isOne,
  navigate,
  OFFERS,
  projects,
  readAddress,
  SPANS,
  state,
} from "./filters.js";
import { longDay, periodName } from "./format.js";
import { home } from "./home.js";
import { reviews } from "./reviews.js";
import { overview, sentence } from "./scorecard.js";
import { figuresOf } from "./sections.js";
import { stories } from "./stories.js";
import { FOLDED, isShown, VIEWS } from "./views.js";

/** What a view of the menu forgets: home shows all, and a project's models are chosen by the project. */
const SUBJECT = {
  home: { model: "", project: "", version: "" },
  project: { model: "", version: "" },
  model: { project: "" },
};
/** Sections that belong to no KPI. */
const OTHERS = { ...PORTFOLIO, ...CONTROLS, ...LISTS, ...ANNOTATIONS };
const SELECTS = ["team", "model", "against", "unit", "version", "cohort", "instance", "project"];

/** Figures, and behind a line that names them those that answer a further question. */
const folded = (shown, more) => [
  h("div", { class: "charts" }, shown),
  more.length &&
    h(
      "details",
      { class: "fold" },
      h("summary", {}, `More: ${more.map((one) => one.querySelector("h3").textContent).join(" · ")}`),
      h("div", { class: "charts" }, more),
    ),
];

function build() {
  const sections = [
    ["home", "Summary"],
    ["overview", "Scorecard"],
    ["stories", "What was tried"],
    ...Object.entries(PORTFOLIO).map(([id, [title]]) => [id, title]),
    ...kpis().map((kpi) => [`kpi-${kpi.kpi_id}`, kpi.kpi_name]),
    ...Object.entries({ ...CONTROLS, ...LISTS, ...ANNOTATIONS }).map(([id, [title]]) => [id, title]),
  ];
  byId("main").replaceChildren(...sections.map(([id, title]) => h("section", { id, "aria-label": title })));
  for (const kpi of kpis()) {
    byId(`kpi-${kpi.kpi_id}`).append(
      h(
        "header",
        {},
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
      ...folded(...figuresOf(kpi)).filter(Boolean),
    );
  }
  for (const [id, [title, , make]] of Object.entries(OTHERS)) {
    byId(id).append(h("header", {}, h("h2", {}, title), h("p", { class: "says" })), ...folded([], make()).slice(1));
  }
  byId("views").append(...Object.entries(VIEWS).map(([view, text]) => h("a", { "data-view": view }, text)));
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
  for (const name of SELECTS)
    options(byId(name), OFFERS[name](), name === "against" ? "The period before" : "All", state[name]);
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

let lastView;
let lastSubject;

/** Show the sections of the current view, and mark it in the menu. */
function showView(view) {
  document.documentElement.dataset.view = view;
  for (const section of byId("main").children) section.hidden = !isShown(view, section.id, isOne(), state.project);
  const subject = `${view} ${state.model} ${state.project}`;
  for (const id of Object.keys(OTHERS)) {
    const fold = byId(id).querySelector(".fold");
    const isFolded = FOLDED[view]?.includes(id) ?? false;
    fold.toggleAttribute("data-kept", !isFolded);
    byId(id).classList.toggle("brief", isFolded);
    // What the reader has unfolded stays so until another subject is shown.
    if (!isFolded || state.at === id) fold.open = true;
    else if (subject !== lastSubject) fold.open = false;
  }
  lastSubject = subject;
  if (view === "project") for (const fold of document.querySelectorAll("#kpi-npv .fold")) fold.open = true;
  for (const link of byId("views").children) {
    const { view: other } = link.dataset;
    link.href = address({ view: other === "home" ? "" : other, ...(SUBJECT[other] ?? {}) });
    if (other === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const link of byId("contents").children) {
    link.href = address({ at: link.dataset.at });
    link.hidden = byId(link.dataset.at).hidden;
  }
}

/** Show everything as the address has it. */
function show() {
  performance.mark("choosing");
  readAddress(location.hash);
  const view = currentView();
  controls();
  overview();
  home();
  stories();
  reviews();
  showHypothesis();
  showView(view);
  for (const kpi of kpis()) byId(`kpi-${kpi.kpi_id}`).querySelector(".says").textContent = sentence(kpi);
  for (const [id, [, says]] of Object.entries(OTHERS)) byId(id).querySelector(".says").textContent = says();
  for (const one of figures) {
    one.stale = true;
    one.filled = null;
    one.all = false;
    one.query = one.search.value = "";
    if (isVisible(one) && (one.seen || before(one.element, state.at))) one.show();
  }
  if (state.at) byId(state.at)?.scrollIntoView();
  else if (lastView && lastView !== view) scrollTo({ top: 0, behavior: "instant" });
  lastView = view;
  const others = Object.entries(VIEWS).filter(([other]) => other !== view);
  byId("printed").textContent =
    `Print of this view of ${VIEWS[view]}, as it was unfolded and filtered. ` +
    `Not on paper: ${others.map(([, name]) => name).join(", ")}.`;
  document.title = [
    projects().get(state.project)?.project_name ?? (state.model && nameOf(state.model)),
    VIEWS[view],
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
      navigate({ [name]: event.target.value, ...(name === "period" ? { start: "", against: "" } : {}) }),
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

// Putting it together: sections, filters, and what happens when something else is chosen.

const PROJECT_PAGE = ["overview", "kpi-npv"];
const FIRST_FILTERS = ["team", "model"],
  MORE_FILTERS = ["unit", "version", "cohort", "instance", "project"];

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
      h("div", { class: "charts" }, (PICTURES[kpi.kpi_id] ?? ((one) => [trendFigure(one)]))(kpi)),
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
  const pairs = values.map((value) => (value instanceof Array ? value : [value, value]));
  select.replaceChildren(
    ...(none == null ? [] : [h("option", { value: "" }, none)]),
    ...pairs.map(([value, text]) => h("option", { value }, text)),
  );
  select.value = picked;
  select.disabled = !pairs.length;
}

function controls() {
  byId("period").value = state.period;
  options(
    byId("start"),
    starts(state.period)
      .reverse()
      .map((start) => [start, periodName(state.period, start)]),
    null,
    state.start,
  );
  options(byId("days"), Object.entries(SPANS), null, state.days);
  for (const name of [...FIRST_FILTERS, ...MORE_FILTERS]) options(byId(name), OFFERS[name](), "All", state[name]);
  const named = { model: nameOf, project: (id) => projects().get(id).project_name };
  byId("chips").replaceChildren(
    ...Object.keys(CALLED)
      .filter((name) => state[name])
      .map((name) => {
        const text = `${CALLED[name]}: ${(named[name] ?? String)(state[name])}`;
        return h(
          "button",
          { type: "button", class: "chip", "aria-label": `${text}, remove`, onclick: () => go({ [name]: "" }) },
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

/** Everything as the address has it. */
function show() {
  performance.mark("choosing");
  made.delete("window");
  readAddress();
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
    data.company,
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

/** Resolves once nothing is being drawn. */
async function drawn() {
  while (drawing.size) await Promise.all(drawing);
}

/** Everything drawn, in view or not: paper does not scroll. */
function drawAll() {
  for (const one of figures) {
    one.show();
    for (const panel of one.drawn.values()) panel.show();
  }
  return drawn();
}

/** Vega, run as a script of its own: the page's policy names its digest. */
async function loadDrawer() {
  const text = await unpacked("libraries");
  await new Promise((resolve) => {
    window.drawerReady = resolve;
    document.head.append(Object.assign(document.createElement("script"), { type: "module", textContent: text }));
  });
  return window.vegaEmbed;
}

async function start() {
  theme(matchMedia("(prefers-color-scheme: dark)").matches);
  byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
  data = JSON.parse(await unpacked("data"));
  byId("company").textContent = data.company;
  byId("made").textContent = data.made_at
    ? `Published ${dated(data.made_at)}, ${data.made_at.slice(11, 16)} UTC, from marts that passed ` +
      "their tests. Every number can be looked up in marts.duckdb beside this page."
    : "";
  build();
  for (const name of ["period", "start", "days", ...FIRST_FILTERS, ...MORE_FILTERS]) {
    byId(name).addEventListener("change", (event) =>
      go({ [name]: event.target.value, ...(name === "period" ? { start: "" } : {}) }),
    );
  }
  byId("reset").addEventListener("click", () => go(DEFAULTS));
  addEventListener("hashchange", show);
  byId("print").addEventListener("click", async () => {
    await drawAll();
    print();
  });
  addEventListener("beforeprint", drawAll);
  drawer = new Promise((resolve) => setTimeout(() => resolve(loadDrawer())));
  show();
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

start();

// Figures: a title, panels that Vega draws when they come into view, a legend, a table and a file of the same rows.

const PANELS = 9,
  LISTED = 8,
  TABLED = 1000;
const PART = (i) => `var(--part-${(i % 8) + 1})`;
const figures = [];
const drawing = new Set();
let drawer; // vegaEmbed, once it is there: the scorecard is shown before

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.watched.seen = isIntersecting;
      if (isIntersecting) target.watched.show();
    }
  },
  { rootMargin: "150px" },
);

function watch(element, watched) {
  element.watched = watched;
  watcher.observe(element);
}

/**
 * A figure of `panels()`, each `{key, title, status, note, rows, rulers, events, number, time, height}`; without `chart`
 * a list. `columns` are those of table and file, each `[field, label, how]`: how the table writes it, or what tag it gets;
 * `by` are the filters it honours beside models and days.
 */
function figure(wanted) {
  const id = `figure-${figures.length}`;
  const one = { height: 130, alone: 240, by: [], ...wanted, id, drawn: new Map(), stale: true, seen: false };
  const { title, how, chart } = one;
  one.grid = h("div", { class: "panels" });
  one.legendList = h("ul", { class: "legend" });
  one.read = h("p", { class: "reads" });
  one.note = h("p", { class: "quiet note" });
  one.table = h("div", {
    class: "scroll",
    hidden: Boolean(chart),
    tabindex: "0",
    role: "region",
    "aria-label": `${title}, table`,
  });
  one.more = h("button", {
    type: "button",
    class: "more",
    hidden: true,
    onclick: () => {
      one.all = !one.all;
      refresh(one);
    },
  });
  const toggle = h(
    "button",
    {
      type: "button",
      "aria-expanded": "false",
      "aria-label": `Table of: ${title}`,
      onclick: () => {
        one.table.hidden = !one.table.hidden;
        toggle.setAttribute("aria-expanded", String(!one.table.hidden));
        if (!one.table.hidden) fillTable(one);
      },
    },
    "Table",
  );
  one.element = h(
    "figure",
    { class: one.wide || !chart ? "wide" : null, id },
    h(
      "figcaption",
      {},
      h("div", {}, h("h3", { id: `${id}-title` }, title), how && h("p", { class: "quiet" }, how)),
      h(
        "span",
        { class: "tools" },
        chart && toggle,
        h("button", { type: "button", "aria-label": `CSV of: ${title}`, onclick: () => save(one) }, "CSV"),
      ),
    ),
    one.says && one.read,
    chart && one.grid,
    one.legendList,
    one.table,
    one.more,
    one.note,
  );
  one.show = () => {
    if (one.stale) refresh(one);
  };
  figures.push(one);
  watch(one.element, one);
  return one.element;
}

const filledOf = (one) => (one.filled ??= one.panels().filter((panel) => panel.rows.length));
const allRows = (one) =>
  filledOf(one).flatMap((panel) => (one.chart ? panel.rows.filter((row) => !row.unlisted) : panel.rows));

/** Lay out the panels of what is chosen now; those in view are drawn. */
function refresh(one) {
  one.stale = false;
  const filled = filledOf(one),
    most = one.chart ? PANELS : LISTED;
  const count = one.chart ? filled.length : allRows(one).length;
  const shown = one.chart && !one.all ? filled.slice(0, most) : filled;
  one.more.hidden = count <= most;
  one.more.textContent = one.all ? "Show fewer" : `Show all ${WHOLE.format(count)}`;
  one.read.textContent = one.says?.(filled) ?? "";
  const ignored = Object.keys(CALLED).filter(
    (name) => ["version", "cohort", "instance"].includes(name) && state[name] && !one.by.includes(name),
  );
  one.note.textContent = ignored.length
    ? `Not split by ${ignored.map((name) => CALLED[name].toLowerCase()).join(" or ")}.`
    : "";
  one.legendList.replaceChildren(...keys(filled.length ? one.legend?.(filled) : []));
  if (!one.chart || !one.table.hidden) fillTable(one);
  if (!one.chart) return;
  for (const [key, panel] of one.drawn) {
    if (shown.some((wanted) => wanted.key === key)) continue;
    panel.embedded?.then(({ view }) => view.finalize());
    watcher.unobserve(panel.element);
    one.drawn.delete(key);
  }
  one.grid.className = `panels ${shown.length > 1 ? "several" : "alone"}`;
  one.grid.replaceChildren(
    ...(shown.length
      ? shown.map((panel) => panelOf(one, panel, shown.length === 1).element)
      : [h("p", { class: "quiet none" }, "Nothing to draw for this choice.")]),
  );
}

const keys = (legend = []) =>
  legend.map(([text, colour, shape]) => h("li", {}, h("i", { class: shape, style: `--colour: ${colour}` }), text));

function panelOf(one, wanted, alone) {
  let panel = one.drawn.get(wanted.key);
  if (!panel) {
    panel = {
      plot: h("div", { class: "plot", role: "img" }),
      title: h("h4", {}),
      legend: h("ul", { class: "legend" }),
      seen: false,
    };
    panel.element = h("div", { class: "panel" }, panel.title, panel.plot, panel.legend);
    panel.show = () => {
      if (panel.stale) track(draw(one, panel));
    };
    one.drawn.set(wanted.key, panel);
    watch(panel.element, panel);
  }
  panel.filled = wanted;
  panel.stale = true;
  panel.height = wanted.height ?? (alone ? one.alone : one.height);
  panel.plot.style.minHeight = `${panel.height}px`;
  panel.legend.replaceChildren(...keys(wanted.legend));
  panel.title.hidden = !wanted.title && !wanted.note;
  panel.title.className = wanted.status ?? "";
  panel.title.replaceChildren(
    ...(wanted.status ? [mark(wanted.status)] : []),
    wanted.title && wanted.href ? h("a", { href: wanted.href }, wanted.title) : (wanted.title ?? ""),
    wanted.note ? h("small", {}, wanted.note) : "",
  );
  panel.plot.setAttribute(
    "aria-label",
    [one.title, wanted.title, wanted.note, "its numbers are in the table"].filter(Boolean).join(", "),
  );
  if (panel.seen) panel.show();
  return panel;
}

function track(promise) {
  drawing.add(promise);
  promise.finally(() => drawing.delete(promise));
}

async function draw(one, panel) {
  panel.stale = false;
  const wanted = panel.filled,
    { rows: filled, rulers = [], events = [], number: numbers = "~s", time = "%-d %b", ticks = null } = wanted;
  // Vega warns of every empty layer, which has no extent: a target that nobody set, an interval that no estimate has.
  panel.embedded ??= drawer.then((embed) =>
    embed(panel.plot, data.charts[one.chart], {
      mode: "vega",
      ast: true,
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
      logLevel: 1,
    }),
  );
  const { view } = await panel.embedded;
  if (panel.filled !== wanted || (panel.drawn === filled && panel.drawnHeight === panel.height)) return;
  panel.drawn = filled;
  panel.drawnHeight = panel.height;
  const isDaily = rulers.length && !wanted.whole && one.chart !== "cash";
  const edges = isDaily ? [{ day: windows().from }, { day: windows().to }] : []; // panels beside each other share their days
  view
    .height(panel.height)
    .data("rows", [...filled, ...edges])
    .signal("number", numbers)
    .signal("time", time)
    .signal("ticks", ticks);
  if (rulers.length || panel.hasDays) {
    panel.hasDays = true;
    view.data("rulers", rulers);
    if (one.chart !== "cash")
      view.data("events", events).data("period", isDaily && state.days !== "period" ? [clipped()] : []);
  }
  await view.resize().runAsync(); // new labels may need more room beside the plot
  panel.plot.querySelector("svg").setAttribute("aria-hidden", "true"); // the panel has a name and a table
}

/** The chosen period as far as charts show it. */
function clipped() {
  const { from, to, period } = windows();
  return { from: Math.max(from, period.from), to: Math.min(to, period.to) };
}

/**
 * What a pointer over a time is told: a strip for each, `step` milliseconds wide, with a line of every row on it. A small
 * panel of many days has a strip for every few: narrower ones nobody could hit.
 */
function rulersOf(list, tell, step = DAY) {
  const times = [...grouped(list, (row) => +row.day)];
  const every = isOne() ? 1 : Math.ceil(times.length / 120);
  const told = times.filter((_, i) => i % every === 0);
  return told.map(([at, mine]) => ({
    from: at - step / 2,
    to: at + step * (every - 0.5),
    tip: [mine[0].when, ...mine.map(tell).filter(Boolean)].join("\n"),
  }));
}

// ── the same rows as a table and as a file ──

function fillTable(one) {
  const filled = allRows(one),
    most = one.chart ? TABLED : one.all ? Infinity : LISTED;
  if (!filled.length) {
    one.table.replaceChildren(h("p", { class: "quiet" }, "Nothing to list for this choice."));
    return;
  }
  one.table.replaceChildren(
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          one.columns.map(([name, label]) =>
            h("th", { scope: "col", class: typeof filled[0][name] === "number" ? "number" : null }, label),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        filled.slice(0, most).map((row) =>
          h(
            "tr",
            {},
            one.columns.map(([name, , how]) => {
              const value = row[name],
                isNumber = typeof value === "number";
              if (how && value != null && !(how instanceof Function))
                return h("td", {}, tag(value, how[value] ?? "idle"));
              return h(
                "td",
                { class: isNumber ? "number" : /^\d{4}-\d\d/.test(value) ? "day" : null },
                isNumber ? (how ?? exact)(value) : (value ?? "–"),
              );
            }),
          ),
        ),
      ),
    ),
    ...(one.chart && filled.length > TABLED
      ? [h("p", { class: "quiet" }, `The first 1,000 of ${WHOLE.format(filled.length)} rows; the CSV has all.`)]
      : []),
  );
}

/** The rows as CSV; a text that a spreadsheet would run as a formula gets an apostrophe. */
function csv(one) {
  const quote = (value) => {
    const text = value == null ? "" : String(value);
    const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== "number" ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [one.columns.map(([, label]) => label), ...allRows(one).map((row) => one.columns.map(([name]) => row[name]))]
    .map((line) => line.map(quote).join(","))
    .join("\r\n");
}

function save(one) {
  h("a", {
    href: `data:text/csv;charset=utf-8,${encodeURIComponent(csv(one))}`,
    download: `${one.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.csv`,
  }).click();
}

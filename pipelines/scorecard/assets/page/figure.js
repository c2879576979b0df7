// A figure: title, panels that Vega draws when they come into view, legend, table and CSV. What it shows: figures/.

import { content, grouped } from "./data.js";
import { chartWindow } from "./days.js";
import { h, mark } from "./dom.js";
import { FILTER_LABELS, isOne, state } from "./filters.js";
import { DAY, number, WHOLE } from "./format.js";
import { savePicture, saveText } from "./save.js";
import { arranged, csv, filledColumns, tableOf } from "./table.js";

/** How many panels a figure shows at first, rows a list shows at first, and rows a chart's table shows at most. */
export const PANELS = 9;
const LISTED = 5;
const TABLED = 1000;
export const PART = (i) => `var(--part-${(i % 8) + 1})`;
/** Every figure of the page, in its order. */
export const figures = [];
const drawing = new Set();
let vegaEmbed; // a promise of it: the scorecard is shown before Vega is there
const observed = new WeakMap();
let observer;

/** Draw with the `vegaEmbed` that `promise` resolves to. */
export function drawWith(promise) {
  vegaEmbed = promise;
}

/** Have `owner`, a figure or a panel, shown when its element comes into view. */
function observe(element, owner) {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const seen = observed.get(target);
        seen.seen = isIntersecting;
        if (isIntersecting) seen.show();
      }
    },
    { rootMargin: "150px" },
  );
  observed.set(element, owner);
  observer.observe(element);
}

/**
 * A figure of `panels()`, each `{key, title, status, note, rows, rulers, events, number, time, height}`; without `chart`
 * a list. `columns` are those of table and file, each `[field, label, how]`: how the table writes it, or what tag it gets, or
 * a function that returns them; `tabled()` returns their rows where they are not those of the panels; `head()` an element
 * above the picture; `sorted` the order of a list at first, `{field, down}`. `by` are the filters it honours beside models
 * and days.
 */
export function figure(wanted) {
  const id = `figure-${figures.length}`;
  const one = { height: 115, alone: 240, by: [], ...wanted, id, drawn: new Map(), stale: true, seen: false };
  one.query = "";
  one.sorted ??= null;
  const { title, how, chart } = one;
  one.grid = h("div", { class: "panels" });
  one.legendList = h("ul", { class: "legend" });
  one.read = h("p", { class: "reads" });
  one.note = h("p", { class: "quiet note" });
  one.onPaper = h("p", { class: "quiet paper" });
  one.table = h("div", {
    class: chart ? "scroll low" : "scroll",
    hidden: Boolean(chart),
    tabindex: "0",
    role: "region",
    "aria-label": `${title}, table`,
  });
  one.search = h("input", {
    type: "search",
    class: "search",
    placeholder: "Search these rows",
    "aria-label": `Search the rows of: ${title}`,
    hidden: true,
    oninput: () => {
      one.query = one.search.value;
      listAgain(one);
    },
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
        fillTable(one);
      },
    },
    "Table",
  );
  const tool = (text, name, onclick) =>
    h("button", { type: "button", "aria-label": `${name} of: ${title}`, onclick }, text);
  one.screen = h("button", { type: "button", onclick: () => (isFull(one) ? document.exitFullscreen() : fill(one)) });
  nameScreen(one);
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
        tool("CSV", "CSV", () => saveText(title, csv(columnsOf(one), listedRows(one)))),
        chart && tool("PNG", "Picture", () => savePicture(title, one.element, "h3, .panel h4, .legend li")),
        one.screen,
      ),
    ),
    one.says && one.read,
    one.head?.(),
    chart && one.grid,
    one.legendList,
    one.search,
    one.table,
    one.more,
    one.onPaper,
    one.note,
  );
  one.show = () => {
    if (one.stale) refresh(one);
  };
  figures.push(one);
  observe(one.element, one);
  return one.element;
}

const panelsOf = (one) => (one.filled ??= one.panels().filter((panel) => panel.rows.length));
const columnsOf = (one) => (typeof one.columns === "function" ? one.columns() : one.columns);
const allRows = (one) =>
  one.tabled?.() ??
  panelsOf(one).flatMap((panel) => (one.chart ? panel.rows.filter((row) => !row.unlisted) : panel.rows));

/** Lay out the panels of what is chosen now; those in view are drawn. */
function refresh(one) {
  one.stale = false;
  const filled = panelsOf(one);
  const most = one.chart ? PANELS : LISTED;
  const count = one.chart ? filled.length : listedRows(one).length;
  const shown = one.chart && !one.all ? filled.slice(0, most) : filled;
  one.more.hidden = count <= most;
  one.more.textContent = one.all ? "Show fewer" : `Show all ${WHOLE.format(count)}`;
  one.onPaper.textContent =
    one.more.hidden || one.all ? "" : `${most} of ${WHOLE.format(count)} shown; the page has all.`;
  one.read.textContent = one.says?.(filled) ?? "";
  const ignored = Object.keys(FILTER_LABELS).filter(
    (name) => ["version", "cohort", "instance"].includes(name) && state[name] && !one.by.includes(name),
  );
  one.note.textContent = ignored.length
    ? `Not split by ${ignored.map((name) => FILTER_LABELS[name].toLowerCase()).join(" or ")}.`
    : "";
  one.legendList.replaceChildren(...legendItems(filled.length ? one.legend?.(filled) : []));
  fillTable(one);
  if (!one.chart) return;
  for (const [key, panel] of one.drawn) {
    if (shown.some((wanted) => wanted.key === key)) continue;
    panel.embedded?.then(({ view }) => view.finalize());
    observer.unobserve(panel.element);
    one.drawn.delete(key);
  }
  one.grid.className = `panels ${shown.length > 1 ? "several" : "alone"}`;
  one.grid.replaceChildren(
    ...(shown.length
      ? shown.map((panel) => panelOf(one, panel, shown.length === 1).element)
      : [h("p", { class: "quiet none" }, "Nothing to draw for this choice.")]),
  );
}

const legendItems = (legend = []) =>
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
    observe(panel.element, panel);
  }
  panel.filled = wanted;
  panel.stale = true;
  panel.height = wanted.height ?? (alone ? one.alone : one.height);
  panel.plot.style.minHeight = `${panel.height}px`;
  panel.legend.replaceChildren(...legendItems(wanted.legend));
  panel.title.hidden = !wanted.title && !wanted.note;
  panel.title.className = wanted.status ?? "";
  panel.title.replaceChildren(
    ...(wanted.status ? [mark(wanted.status)] : []),
    wanted.title && wanted.href ? h("a", { href: wanted.href }, wanted.title) : (wanted.title ?? ""),
    wanted.note ? h("small", {}, wanted.note) : "",
  );
  panel.plot.setAttribute(
    "aria-label",
    [one.title, wanted.title, wanted.note, spoken(wanted.rows), "its numbers are in the table"]
      .filter(Boolean)
      .join(", "),
  );
  if (panel.seen) panel.show();
  return panel;
}

/** What a panel of a value over time shows, in words, for those who hear the page. */
function spoken(list) {
  const known = list
    .map((row) => ({ when: row.when, value: row.rolling ?? row.value }))
    .filter((row) => row.when && row.value != null);
  if (known.length < 2) return null;
  const [first, last] = [known[0], known.at(-1)];
  const lowest = known.reduce((best, row) => (row.value < best.value ? row : best));
  const highest = known.reduce((best, row) => (row.value > best.value ? row : best));
  return (
    `from ${number(first.value)} (${first.when}) to ${number(last.value)} (${last.when}), ` +
    `lowest ${number(lowest.value)} (${lowest.when}), highest ${number(highest.value)} (${highest.when})`
  );
}

function track(promise) {
  drawing.add(promise);
  promise.finally(() => drawing.delete(promise));
}

async function draw(one, panel) {
  panel.stale = false;
  const wanted = panel.filled;
  const { rows: filled, rulers = [], events = [], number: numbers = "~s", time = "%-d %b" } = wanted;
  const { ticks = null, reach = null } = wanted;
  // Vega warns of every empty layer, which has no extent: a target that nobody set, an interval that no estimate has.
  panel.embedded ??= vegaEmbed.then((embed) =>
    embed(panel.plot, content.charts[one.chart], {
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
  const edges = isDaily ? [{ day: chartWindow().from }, { day: chartWindow().to }] : []; // panels beside each other share their days
  view
    .height(panel.height)
    .data("rows", [...filled, ...edges])
    .signal("number", numbers)
    .signal("time", time)
    .signal("ticks", ticks)
    .signal("reach", reach);
  if (rulers.length || panel.hasDays) {
    panel.hasDays = true;
    view.data("rulers", rulers);
    if (one.chart !== "cash")
      view.data("events", events).data("period", isDaily && state.days !== "period" ? [clipped()] : []);
  }
  await view.resize().runAsync(); // new labels may need more room beside the plot
  panel.plot.querySelector("svg").setAttribute("aria-hidden", "true"); // the panel has a name and a table
}

/** Resolves once nothing is being drawn. */
export async function drawn() {
  while (drawing.size) await Promise.all(drawing);
}

/** Whether a figure is in the view that is shown, and not folded away. */
export const isVisible = (one) => Boolean(one.element.offsetParent);

/** Every figure of the view drawn, on the screen or not: paper does not scroll. */
export function drawAll() {
  for (const one of figures.filter(isVisible)) {
    one.show();
    for (const panel of one.drawn.values()) panel.show();
  }
  return drawn();
}

/** The chosen period as far as charts show it. */
function clipped() {
  const { from, to, period } = chartWindow();
  return { from: Math.max(from, period.from), to: Math.min(to, period.to) };
}

/**
 * The tooltips of a chart over time: a strip for each time, `step` milliseconds wide, with a line of every row on it. A small
 * panel of many days has a strip for every few: narrower ones nobody could hit.
 */
export function rulersOf(list, describe, step = DAY) {
  const times = [...grouped(list, (row) => +row.day)];
  const every = isOne() ? 1 : Math.ceil(times.length / 120);
  return times
    .filter((_, i) => i % every === 0)
    .map(([at, mine]) => ({
      from: at - step / 2,
      to: at + step * (every - 0.5),
      tip: [mine[0].when, ...mine.map(describe).filter(Boolean)].join("\n"),
    }));
}

// ── the same rows as a table and as a file ──

/** The rows as the reader has searched and sorted them. */
const listedRows = (one) => arranged(columnsOf(one), allRows(one), one.query, one.sorted);

function fillTable(one) {
  one.search.hidden = one.table.hidden || allRows(one).length <= LISTED;
  if (one.table.hidden) return;
  const filled = listedRows(one);
  const most = one.chart ? TABLED : one.all ? Infinity : LISTED;
  if (!filled.length) {
    const text = one.query ? "No row has this text." : "Nothing to list for this choice.";
    one.table.replaceChildren(h("p", { class: "quiet" }, text));
    return;
  }
  const shown = filled.slice(0, most);
  const columns = filledColumns(columnsOf(one), shown).filter(([name]) => !isOne() || name !== "model"); // it stands above
  one.table.replaceChildren(
    tableOf(columns, shown, one.sorted, (field) => {
      one.sorted = { field, down: one.sorted?.field === field && !one.sorted.down };
      listAgain(one);
      one.table.querySelector("[aria-sort] button").focus();
    }),
    ...(one.chart && filled.length > TABLED
      ? [h("p", { class: "quiet" }, `The first 1,000 of ${WHOLE.format(filled.length)} rows; the CSV has all.`)]
      : []),
  );
}

/** After a search or a new order: the table, and for a list how many more rows there are. */
const listAgain = (one) => (one.chart ? fillTable(one) : refresh(one));

const isFull = (one) => document.fullscreenElement === one.element;

/** What the button of the full screen does next. */
function nameScreen(one) {
  one.screen.textContent = isFull(one) ? "Exit full screen" : "Full screen";
  one.screen.setAttribute("aria-label", `${one.screen.textContent} of: ${one.title}`);
}

/** The figure over the whole screen, drawn as large as it allows, until the reader leaves it. */
async function fill(one) {
  const [panels, alone] = [one.height, one.alone];
  await one.element.requestFullscreen();
  nameScreen(one);
  const room = innerHeight - 220;
  one.height = Math.max(panels, room / 3);
  one.alone = Math.max(alone, room);
  refresh(one);
  one.element.addEventListener("fullscreenchange", function left() {
    if (isFull(one)) return;
    one.element.removeEventListener("fullscreenchange", left);
    nameScreen(one);
    [one.height, one.alone] = [panels, alone];
    refresh(one);
  });
}

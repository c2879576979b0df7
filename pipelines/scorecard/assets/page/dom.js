// Elements, status marks and tags. Every text comes from data and enters the page as text, never as markup.

export const STATUSES = {
  on_target: "on target",
  at_risk: "at risk",
  off_target: "off target",
  no_target: "no target set",
  no_data: "no data",
};
const SHAPES = {
  on_target: '<circle cx="6" cy="6" r="5"/>',
  at_risk: '<path d="M6 1 11.4 11H.6Z"/>',
  off_target: '<rect x="1.5" y="1.5" width="9" height="9"/>',
  no_target: '<circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6"/>',
  no_data: '<rect x="1.5" y="5.2" width="9" height="1.6"/>',
};

export const byId = (id) => document.getElementById(id);

/** An element; `on…` attributes are listeners, children that are null or false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** A drawing from our own constants and numbers. */
export function svg(inner, attributes) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`;
  const element = holder.content.firstChild;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const marks = new Map();

/** The shape of a status; drawn once and copied, which a matrix of a hundred models feels. */
export function mark(status) {
  if (!marks.has(status))
    marks.set(
      status,
      svg(SHAPES[status], { class: "mark", viewBox: "0 0 12 12", fill: "currentColor", "aria-hidden": "true" }),
    );
  return marks.get(status).cloneNode(true);
}
export const tag = (text, kind) => h("span", { class: `tag ${kind}` }, text);

// A figure as a file: its rows as CSV, its picture as PNG. What is in either is the figure's to say.

import { h } from "./dom.js";

const SCALE = 2; // pixels of the PNG for one of the screen
const MARGIN = 24;

const fileName = (title, kind) => `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.${kind}`;

export function saveText(title, text) {
  h("a", { href: `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`, download: fileName(title, "csv") }).click();
}

/** The drawing as an image of its own: colors that the style sheet names become the colors they are now. */
function imageOf(svg) {
  const style = getComputedStyle(document.documentElement);
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.style.fontFamily = getComputedStyle(svg).fontFamily;
  const text = new XMLSerializer()
    .serializeToString(copy)
    .replaceAll(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

/** Save what `element` shows as a PNG: its drawings where they are, and the texts that `texts` selects. */
export async function savePicture(title, element, texts) {
  const frame = element.getBoundingClientRect();
  const canvas = h("canvas", {
    width: SCALE * (frame.width + 2 * MARGIN),
    height: SCALE * (frame.height + 2 * MARGIN),
  });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(element).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(MARGIN - frame.left, MARGIN - frame.top);
  for (const one of element.querySelectorAll(texts)) {
    const { left, bottom, height } = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    if (!height) continue;
    context.fillStyle = style.color;
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    context.fillText(one.textContent.replaceAll(/\s+/g, " "), left, bottom - height / 4);
  }
  for (const svg of element.querySelectorAll(".plot svg")) {
    const { left, top } = svg.getBoundingClientRect();
    context.drawImage(await imageOf(svg), left, top);
  }
  h("a", { href: canvas.toDataURL("image/png"), download: fileName(title, "png") }).click();
}

// Links to the written reviews that lay beside the page when it was published: those of the chosen period, and all.

import { content, modelOf } from "./data.js";
import { byId, h } from "./dom.js";
import { state } from "./filters.js";

/** Of a team's reviews those of the chosen team, or of the chosen model's; a launch's are the model's own. */
function concerns(review) {
  if (review.kind === "launch") return review.of === state.model;
  return !review.of || [state.team, modelOf(state.model)?.team_id].includes(review.of);
}

/** Fill the line below the filters. */
export function reviews() {
  const all = content.reviews ?? [];
  const here = all.filter((one) => one.period === state.period && one.start === state.start && concerns(one));
  const links = here.map((one) => h("a", { href: one.href }, `${one.title}${one.of ? ` (${one.of})` : ""}`));
  byId("reviews").hidden = !all.length;
  byId("reviews").replaceChildren(
    here.length ? "Reviews of this period: " : "No review of this period was written. ",
    ...links.flatMap((link) => [link, " · "]),
    h("a", { href: "reviews/index.html" }, "All reviews"),
  );
}

// The days, weeks and months that charts show for the current choice.

import { cached, firstDay, lastDay, periods } from "./data.js";
import { chosenRows, state } from "./filters.js";
import { DAY, day, isoDay, monday } from "./format.js";

/** The first and last day that charts show, and the chosen period as they shade it. */
export const chartWindow = () =>
  cached(`window ${Object.values(state).join("|")}`, () => {
    const last = +day(periods()[state.period].get(state.start)?.end ?? isoDay(lastDay()));
    const begin = state.start ? +day(state.start) : firstDay();
    const from =
      state.days === "all" ? firstDay() : state.days === "period" ? begin : last - (Number(state.days) - 1) * DAY;
    const served = state.version ? chosenRows("versions").find((row) => row.model_version === state.version) : null;
    return {
      from: Math.max(from, firstDay(), served ? +day(served.first_served_date) : 0),
      to: Math.min(last, served ? +day(served.last_served_date) : last),
      period: { from: begin, to: last + DAY },
    };
  });

/** The rows whose day, week or month, `step` days long, falls into the window. */
export function inWindow(list, field, step = 1) {
  const { from, to } = chartWindow();
  const [first, last] = [isoDay(from - (step - 1) * DAY), isoDay(to)];
  return list.filter(
    (row) => row[field] != null && row[field].slice(0, 10) >= first && row[field].slice(0, 10) <= last,
  );
}

/** Months up to the window's end, thirteen at most: a quarter's worth of months says little. */
export function recentMonths(list) {
  const last = isoDay(chartWindow().to).slice(0, 7);
  const first = `${last.slice(0, 4) - 1}${last.slice(4)}`;
  return list.filter((row) => row.month.slice(0, 7) <= last && row.month.slice(0, 7) >= first);
}

/** The Mondays of the weeks that charts show. */
export function shownWeeks() {
  const { from, to } = chartWindow();
  const found = [];
  for (let at = monday(from); at <= to; at += 7 * DAY) found.push(isoDay(at));
  return found;
}

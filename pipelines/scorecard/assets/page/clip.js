// Which part of an axis estimates share, and what is written of one that reaches beyond it. Pure: no element, no data.

const OUTLYING = 3;
const extent = (row) => Math.max(...[row.low, row.value, row.high].map((end) => Math.abs(end ?? 0)));

/**
 * The two ends of an axis, around zero, for rows of `{low, value, high}`; null where the axis may show all of them. A row
 * is an outlier if it reaches further than three times the median: the axis ends a little beyond the furthest of the others.
 */
export function reachOf(rows) {
  const sizes = rows.map(extent).sort((a, b) => a - b);
  const limit = OUTLYING * sizes[Math.floor((sizes.length - 1) / 2)];
  const kept = rows.filter((row) => extent(row) <= limit);
  if (kept.length < 3 || kept.length === rows.length) return null;
  const ends = kept.flatMap((row) => [row.low, row.value, row.high]).filter((end) => end != null);
  return [1.1 * Math.min(0, ...ends), 1.1 * Math.max(0, ...ends)];
}

/** `row` with what is written at an edge of `reach` that it crosses: `over` at the right, `under` at the left. */
export function edged(row, reach, write) {
  if (!reach) return row;
  const value = write(row.value);
  const text = (end) => (end === row.value ? value : `${value}, to ${write(end)}`);
  return {
    ...row,
    over: row.high > reach[1] ? `${text(row.value > reach[1] ? row.value : row.high)} →` : null,
    under: row.low < reach[0] ? `← ${text(row.value < reach[0] ? row.value : row.low)}` : null,
    shape: row.value > reach[1] ? "triangle-right" : row.value < reach[0] ? "triangle-left" : row.shape,
  };
}

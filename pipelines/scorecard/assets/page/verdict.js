// What to do with a model, recomputed for a what-if: the rule of dbt's macro `verdict`, which a test compares with this one.

/** @returns scale, fix, experiment or retire; null without a full cost. All amounts in USD over the same days. */
export function verdict({ low, high, fullCost, avoidableCost, isBreached }) {
  if (fullCost == null) return null;
  if (low == null || high == null) return "experiment";
  if (high < avoidableCost) return "retire";
  if (high < fullCost) return "fix";
  if (low <= fullCost) return "experiment";
  return isBreached ? "fix" : "scale";
}

const times = (value, factor) => (value == null ? null : value * factor);

/**
 * A row of the table `portfolio` with its value and cost under `factors` on volume, unit cost, unit value and effect.
 * The value grows with volume, unit value and effect, the serving cost with volume and unit cost; other costs stay.
 */
export function whatIf(row, { volume = 1, unitCost = 1, unitValue = 1, effect = 1 }) {
  const more = times(row.compute_cost_usd, volume * unitCost - 1);
  const ends = [row.value_low_usd, row.value_high_usd].map((end) => times(end, volume * unitValue * effect));
  const [low, high] = effect < 0 ? ends.toReversed() : ends;
  const value = times(row.value_usd, volume * unitValue * effect);
  const fullCost = row.full_cost_usd == null || more == null ? null : row.full_cost_usd + more;
  const avoidableCost = row.avoidable_cost_usd == null || more == null ? null : row.avoidable_cost_usd + more;
  return {
    value,
    low,
    high,
    fullCost,
    net: value == null || fullCost == null ? null : value - fullCost,
    verdict: verdict({ low, high, fullCost, avoidableCost, isBreached: Boolean(row.is_breached) }),
  };
}

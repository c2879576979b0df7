// Which figures the section of each KPI shows at once, and which it folds away. What is in a figure: figures/.

import { adoptionFigures, satisfactionFigures } from "./figures/adoption.js";
import { costFigures, incidentFigures } from "./figures/efficiency.js";
import { cadenceFigures, throughputFigures } from "./figures/productivity.js";
import { accuracyFigures, driftFigures } from "./figures/quality.js";
import { financeFigures, valueFigures } from "./figures/roi.js";
import { trendFigure } from "./figures/trend.js";

/** KPI → [figures shown, figures folded]. What answers the KPI's question comes first. */
const FIGURES = {
  throughput: (kpi) => {
    const [hours, latency] = throughputFigures();
    return [[trendFigure(kpi)], [latency, hours]];
  },
  deployment_cadence: (kpi) => {
    const [calendar, lead, failures] = cadenceFigures();
    return [[calendar], [lead, failures, trendFigure(kpi)]];
  },
  cost_per_prediction: (kpi) => {
    const [unitCosts, costs, variance] = costFigures();
    return [[trendFigure(kpi)], [unitCosts, costs, variance]];
  },
  mttr: (kpi) => {
    const [hours, weeks, severities, targets, incidents] = incidentFigures();
    return [
      [targets, severities, incidents],
      [hours, weeks, trendFigure(kpi)],
    ];
  },
  business_value: (kpi) => {
    const [cumulative, primary, every] = valueFigures();
    return [[cumulative], [primary, every, trendFigure(kpi)]];
  },
  npv: () => {
    const [cash, scenarios, sensitivity, projects] = financeFigures();
    return [[projects], [cash, scenarios, sensitivity]];
  },
  accuracy: (kpi) => {
    const [cohorts, weeks] = accuracyFigures();
    return [[cohorts], [weeks, trendFigure(kpi)]];
  },
  drift_rate: (kpi) => {
    const [weeks, worst, retraining] = driftFigures();
    return [
      [weeks, retraining],
      [worst, trendFigure(kpi)],
    ];
  },
  feature_adoption: (kpi) => {
    const [funnel, retention] = adoptionFigures();
    return [[trendFigure(kpi), funnel], [retention]];
  },
  satisfaction: (kpi) => {
    const [overrides, impacts, correlations, notes] = satisfactionFigures();
    return [
      [trendFigure(kpi), correlations, notes],
      [overrides, impacts],
    ];
  },
};

export const figuresOf = (kpi) => (FIGURES[kpi.kpi_id] ?? ((one) => [[trendFigure(one)], []]))(kpi);

// Which figures each KPI's section shows.

import { adoptionFigures, satisfactionFigures } from "./figures/adoption.js";
import { costFigures, incidentFigures } from "./figures/efficiency.js";
import { cadenceFigures, throughputFigures } from "./figures/productivity.js";
import { accuracyFigures, driftFigures } from "./figures/quality.js";
import { financeFigures, valueFigures } from "./figures/roi.js";
import { trendFigure } from "./figures/trend.js";

/** The figures of a KPI, what its definition asks to see first; any other KPI has its trend. */
const FIGURES = {
  throughput: (kpi) => [trendFigure(kpi), ...throughputFigures()],
  deployment_cadence: (kpi) => [...cadenceFigures(), trendFigure(kpi)],
  cost_per_prediction: (kpi) => [trendFigure(kpi), ...costFigures()],
  mttr: (kpi) => [...incidentFigures(), trendFigure(kpi)],
  business_value: (kpi) => [...valueFigures(), trendFigure(kpi)],
  npv: (kpi) => [...financeFigures(), trendFigure(kpi)],
  accuracy: (kpi) => [...accuracyFigures(), trendFigure(kpi)],
  drift_rate: (kpi) => [...driftFigures(), trendFigure(kpi)],
  feature_adoption: (kpi) => [trendFigure(kpi), ...adoptionFigures()],
  satisfaction: (kpi) => [trendFigure(kpi), ...satisfactionFigures()],
};

export const figuresOf = (kpi) => (FIGURES[kpi.kpi_id] ?? ((one) => [trendFigure(one)]))(kpi);

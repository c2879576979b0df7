// The page's views and the sections each of them shows. Which view an address means: filters.js; what fills a section:
// sections.js and scorecard.js.

/** View → its name in the menu. */
export const VIEWS = {
  home: "Home",
  money: "Money",
  reliability: "Reliability",
  quality: "Quality",
  adoption: "Adoption",
  governance: "Governance",
  model: "Models",
  project: "Projects",
};

/** View → the ids of its sections; a section may stand in several, an address that names one means the first. */
const SECTIONS = {
  home: ["overview"],
  money: ["kpi-cost_per_prediction", "kpi-business_value", "kpi-npv"],
  reliability: ["kpi-mttr", "kpi-throughput", "kpi-deployment_cadence", "budgets"],
  quality: ["kpi-accuracy", "fairness", "kpi-drift_rate", "guardrails"],
  adoption: ["kpi-feature_adoption", "kpi-satisfaction"],
  governance: ["alerts", "gates", "coverage", "annotations"],
  model: ["overview", "alerts", "gates", "guardrails", "budgets", "versions", "annotations"],
  project: ["overview", "kpi-npv"],
};
const UNCHOSEN = ["overview", "versions"]; // what the view of models shows before one is chosen
const UNNAMED = "quality"; // where the section of a KPI stands that no view names

export const viewOf = (section) => Object.keys(SECTIONS).find((view) => SECTIONS[view].includes(section)) ?? UNNAMED;

export const isShown = (view, section, isOne = true) =>
  view === "model" && !isOne
    ? UNCHOSEN.includes(section)
    : SECTIONS[view].includes(section) || viewOf(section) === view;

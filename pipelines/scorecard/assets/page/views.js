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
  home: ["home", "overview", "stories"],
  money: ["reconciliation", "portfolio", "kpi-cost_per_prediction", "kpi-business_value"],
  reliability: ["kpi-mttr", "kpi-throughput", "kpi-deployment_cadence", "budgets"],
  quality: ["kpi-accuracy", "fairness", "kpi-drift_rate", "guardrails"],
  adoption: ["kpi-feature_adoption", "kpi-satisfaction"],
  governance: ["decisions", "alerts", "gates", "coverage", "annotations"],
  model: [
    "overview",
    "stories",
    "portfolio",
    "decisions",
    "alerts",
    "gates",
    "guardrails",
    "budgets",
    "teams",
    "versions",
    "annotations",
  ],
  project: ["overview", "kpi-npv"],
};
/** The view of models before one is chosen compares them; of a chosen one, its team is known. */
const UNCHOSEN = ["overview", "teams", "versions"];
const CHOSEN = SECTIONS.model.filter((section) => section !== "teams");
const UNNAMED = "quality"; // where the section of a KPI stands that no view names

/** View → sections of it that are folded behind their sentence: they do not answer its first questions. */
export const FOLDED = {
  governance: ["coverage", "annotations"],
  model: ["budgets", "guardrails", "alerts", "gates", "versions", "annotations"],
};

export const viewOf = (section) => Object.keys(SECTIONS).find((view) => SECTIONS[view].includes(section)) ?? UNNAMED;

export function isShown(view, section, isOne = true, project = true) {
  if (view === "project" && section === "overview") return Boolean(project);
  if (view === "model") return (isOne ? CHOSEN : UNCHOSEN).includes(section);
  return SECTIONS[view].includes(section) || viewOf(section) === view;
}

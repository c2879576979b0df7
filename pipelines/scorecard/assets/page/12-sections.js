// Which pictures a KPI's section shows, and the lists after the ten.

/** The pictures of a KPI: what its definition asks to see first. */
const PICTURES = {
  throughput: (kpi) => [trendFigure(kpi), ...throughput()],
  deployment_cadence: (kpi) => [...cadence(), trendFigure(kpi)],
  cost_per_prediction: (kpi) => [trendFigure(kpi), ...cost()],
  mttr: (kpi) => [...repair(), trendFigure(kpi)],
  business_value: (kpi) => [...value(), trendFigure(kpi)],
  npv: (kpi) => [...finance(), trendFigure(kpi)],
  accuracy: (kpi) => [...accuracy(), trendFigure(kpi)],
  drift_rate: (kpi) => [...drift(), trendFigure(kpi)],
  feature_adoption: (kpi) => [trendFigure(kpi), ...adoption()],
  satisfaction: (kpi) => [trendFigure(kpi), ...trust()],
};

const subject = (row) => kpiOf(row.subject_id)?.kpi_name ?? row.subject_id;
const due = () => of("gates").filter((row) => row.status !== "not_due");
const openAlerts = () => of("alerts").filter((row) => row.status !== "closed");
const STEPS = [
  "has_objective",
  "has_owner",
  "is_source_connected",
  "is_identifier_mapped",
  "is_measured",
  "is_fresh",
  "has_baseline",
  "has_target",
];

/** Id → title, a sentence, and its figures. */
const LISTS = {
  alerts: [
    "Alerts",
    () =>
      openAlerts().length
        ? `${plural(openAlerts().length, "alert")} open, ${openAlerts().filter((row) => row.severity === "page").length} of them for somebody to look at now.`
        : "No alert is open.",
    () => [
      figure({
        title: "Open alerts",
        columns: [
          ["severity", "Severity", { page: "poor", ticket: "fair" }],
          ["model", "Model"],
          ["what", "What"],
          ["since", "Since"],
          ["evidence", "Evidence"],
          ["action", "What to do"],
          ["owner", "Owner"],
        ],
        panels: () =>
          single(
            openAlerts()
              .map((row) => ({
                severity: row.severity,
                model: nameOf(row.model_id),
                what: subject(row),
                since: row.opened_at.slice(0, 10),
                evidence: row.evidence,
                action: row.recommended_action,
                owner: `${row.owner ?? "nobody"}${row.status === "acknowledged" ? " (acknowledged)" : ""}`,
              }))
              .sort((a, b) => (b.severity === "page") - (a.severity === "page")),
          ),
      }),
    ],
  ],
  gates: [
    "Decision gates",
    () =>
      due().length
        ? `${due().filter((row) => row.status === "passed").length} of ${plural(due().length, "criterion", "criteria")} due are passed, ${due().filter((row) => row.status === "failed").length} failed.`
        : "No gate is due.",
    () => [
      figure({
        title: "Criteria due",
        columns: [
          ["status", "Stands", { passed: "good", failed: "poor" }],
          ["model", "Model"],
          ["gate", "Gate"],
          ["day", "Due"],
          ["statement", "What must hold"],
          ["evidence", "Evidence"],
        ],
        panels: () =>
          single(
            due()
              .map((row) => ({
                status: row.status.replaceAll("_", " "),
                model: nameOf(row.model_id),
                gate: row.gate_name,
                day: row.due_date,
                statement: row.statement,
                evidence: row.evidence,
              }))
              .sort((a, b) => (a.status === "passed") - (b.status === "passed") || b.day.localeCompare(a.day)),
          ),
      }),
    ],
  ],
  coverage: [
    "Instrumentation",
    () =>
      `${of("coverage").filter((row) => !row.next_step).length} of ${plural(of("coverage").length, "pair")} of model and KPI are measured, owned and steered; the others show their next step.`,
    () => [
      figure({
        title: "What to connect next",
        columns: [
          ["model", "Model"],
          ["kpi", "KPI"],
          ["stage", "Stage"],
          ["done", `Steps done, of ${STEPS.length}`],
          ["next", "Next step"],
        ],
        panels: () =>
          single(
            of("coverage")
              .filter((row) => row.next_step)
              .map((row) => ({
                model: nameOf(row.model_id),
                kpi: kpiOf(row.kpi_id)?.kpi_name,
                stage: row.roadmap_stage,
                done: STEPS.filter((step) => row[step]).length,
                next: row.next_step,
              })),
          ),
      }),
    ],
  ],
  versions: [
    "Versions",
    () => "Each KPI over the days a version served most of the traffic: spans of time, not randomised groups.",
    () => [
      figure({
        title: "Versions side by side",
        by: ["version"],
        columns: [
          ["model", "Model"],
          ["version", "Version"],
          ["from", "From"],
          ["to", "To"],
          ...kpis().map((kpi) => [kpi.kpi_id, kpi.kpi_name, (value) => amount(kpi, value)]),
        ],
        panels: () =>
          single(
            [...grouped(of("versions"), (row) => `${row.model_id}|${row.model_version}`).values()]
              .map((mine) => ({
                model: nameOf(mine[0].model_id),
                version: mine[0].model_version,
                from: mine[0].first_served_date,
                to: mine[0].last_served_date,
                ...Object.fromEntries(mine.map((row) => [row.kpi_id, row.value])),
              }))
              .reverse(),
          ),
      }),
    ],
  ],
};

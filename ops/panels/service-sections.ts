import type { Section } from "../../src/monitoring/panel.ts";
import { jobPanels } from "./job-panels.ts";
import { processPanels } from "./process-panels.ts";
import { requestPanels } from "./request-panels.ts";
import { trainingPanels } from "./training-panels.ts";

/** The service as it is operated. */
export const serviceSections: readonly Section[] = [
  { title: "Requests", panels: requestPanels },
  { title: "Scheduler and monitors", panels: jobPanels },
  { title: "Training", panels: trainingPanels },
  { title: "Process", panels: processPanels },
];

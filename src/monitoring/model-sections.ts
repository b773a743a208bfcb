import { fieldNames } from "../customer.ts";
import { featurePanels } from "./feature-panels.ts";
import { glancePanels } from "./glance-panels.ts";
import { inputPanels } from "./input-panels.ts";
import type { Section } from "./panel.ts";
import { performancePanels } from "./performance-panels.ts";
import { predictionPanels } from "./prediction-panels.ts";
import { sourcePanels } from "./source-panels.ts";

/** The model as it is watched, in the order in which trouble matters: performance, predictions, inputs, source data. */
export const modelSections: readonly Section[] = [
  { title: "At a glance", panels: glancePanels },
  { title: "Performance", panels: performancePanels },
  { title: "Predictions", panels: predictionPanels },
  { title: "Model inputs", panels: inputPanels },
  {
    title: "Each input: drift, and its distribution beside the reference",
    panels: fieldNames.flatMap(featurePanels),
    collapsed: true,
  },
  { title: "Source data", panels: sourcePanels },
];

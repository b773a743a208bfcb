import { trainingJob, trainingMetrics } from "../../src/metric-catalogue.ts";
import type { Panel } from "../../src/monitoring/panel.ts";

const pushed = ({ name }: { name: string }): string => `${name}{job="${trainingJob}"}`;

export const trainingPanels: Panel[] = [
  {
    title: "Since the last training",
    meaning: "How long ago a training run last reached the Pushgateway.",
    unit: "seconds",
    view: "figures",
    width: 6,
    empty: "No training was pushed",
    series: [{ expression: `time() - ${pushed({ name: "push_time_seconds" })}`, legend: "last push" }],
  },
  {
    title: "Duration of training",
    meaning: "How long the last training run took.",
    unit: "seconds",
    view: "figures",
    width: 6,
    empty: "No training was pushed",
    series: [{ expression: pushed(trainingMetrics.duration), legend: "{{model_version}}" }],
  },
  {
    title: "Performance at training",
    meaning: "What the last trained model reached on customers that it had not seen.",
    unit: "score",
    view: "bars",
    width: 12,
    empty: "No training was pushed",
    series: [
      {
        expression: `${trainingMetrics.performance.name}{job="${trainingJob}", split="holdout"}`,
        legend: "{{metric}}",
      },
    ],
  },
];

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { runCommand } from "../src/command.ts";
import { AppError } from "../src/errors.ts";
import { modelSections } from "../src/monitoring/model-sections.ts";
import { type DashboardContent, drawDashboard } from "./grafana/draw-dashboard.ts";
import { serviceSections } from "./panels/service-sections.ts";

export const dashboardFolder = join(import.meta.dir, "grafana", "dashboards");

/** Every dashboard by the name of its file. */
export const dashboards: Record<string, DashboardContent> = {
  "model.json": {
    uid: "churnwatch-model",
    title: "Churnwatch: model",
    about: "Can the predictions be believed? Performance, predictions, inputs and source data, in this order.",
    guide: [
      "**Can the predictions be believed?** Trouble matters from the top down; its cause is found from the bottom up.",
      "",
      "- **Performance** is what users get. Blue is *realized*, from labels; orange is *estimated*, before labels come; the bands are 95 % intervals.",
      "- **Predictions** move before labels come, **model inputs** say which field changed, **source data** says how it broke.",
      "- Dashed red is the threshold that chance alone does not pass; dashed gray the reference, or what one reaches without a model.",
      "- Vertical lines: another model (green), another scenario (purple), a monitor in alarm (red). A gap is not zero: there were too few rows to say anything.",
    ].join("\n"),
    sections: modelSections,
  },
  "service.json": {
    uid: "churnwatch-service",
    title: "Churnwatch: service",
    about: "Does the service answer, and do its jobs and monitors run?",
    guide: [
      "**Does it answer, and is somebody still looking?** First requests and their latency, then the jobs and the monitors, then training and the process.",
      "",
      "- The jobs replay customers, release their labels and run the monitors. A line of *since the last success* that climbs is a job that fails.",
      "- A monitor that has not run says nothing: its last figures stay on the page, so look at *Since the last pass of a monitor* before you believe them.",
      "- Vertical lines: another model (green), another scenario (purple), a monitor in alarm (red).",
    ].join("\n"),
    sections: serviceSections,
  },
};

/** The content of the file of a dashboard. */
export const render = (content: DashboardContent): string => `${JSON.stringify(drawDashboard(content), null, 2)}\n`;

/** @throws AppError `conflict` when `check` is set and a committed file is not what the code draws. */
function writeDashboards({ check = false }: { check?: boolean }): void {
  for (const [name, content] of Object.entries(dashboards)) {
    const file = join(dashboardFolder, name);
    const drawn = render(content);
    if (!check) writeFileSync(file, drawn);
    else if (readFileSync(file, "utf8") !== drawn) {
      throw new AppError(
        "conflict",
        `ops/grafana/dashboards/${name} is not what the code draws: run bun run dashboards and commit it`,
      );
    }
  }
  process.stdout.write(
    `${Object.keys(dashboards).length} dashboards ${check ? "are up to date" : "written to ops/grafana/dashboards"}\n`,
  );
}

if (import.meta.main) {
  const command = new Command("dashboards")
    .description("Draws the Grafana dashboards from the list of panels")
    .option("--check", "write nothing; fail when a committed dashboard differs")
    .action(writeDashboards);
  await runCommand(command, process.env);
}

import { type Monitoring, post, Refused, type Setup } from "./api.ts";
import { byId, html } from "./dom.ts";
import { clock } from "./format.ts";

/** Lets the replay play a disturbance, for those whose key may. */
export function createScenario({ scenarios }: Setup, onSwitch: () => void) {
  const choice = byId<HTMLSelectElement>("scenario-name");
  const button = byId<HTMLButtonElement>("scenario-start");
  const state = byId("scenario-state");
  choice.replaceChildren(
    ...scenarios.map((name) => html("option", { value: name }, name === "none" ? "none (undisturbed)" : name)),
  );

  async function play(): Promise<void> {
    await post("/scenario", { scenario: choice.value });
    onSwitch();
  }
  button.addEventListener("click", () => {
    play().catch((error: Error) => {
      state.textContent = error.message;
      const isForbidden = error instanceof Refused && error.status === 403;
      button.disabled = isForbidden;
      choice.disabled = isForbidden;
    });
  });
  let shown = "";
  return {
    update({ scenario, since }: Monitoring): void {
      const text = scenario === "none" ? "The replay is undisturbed." : `${scenario} plays since ${clock(since)}.`;
      if (text === shown) return;
      shown = text;
      state.textContent = text;
      choice.value = scenario;
    },
  };
}

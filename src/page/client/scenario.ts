import { type Monitoring, post, type Setup } from "./api.ts";
import { byId, html } from "./dom.ts";
import { beginning } from "./format.ts";

/** Lets the replay play a disturbance, for those whose key may. */
export function createScenario({ scenarios, may_switch }: Setup, onSwitch: () => void) {
  const choice = byId<HTMLSelectElement>("scenario-name");
  const button = byId<HTMLButtonElement>("scenario-start");
  const state = byId("scenario-state");
  choice.replaceChildren(...scenarios.map(({ name, about }) => html("option", { value: name }, `${name}: ${about}`)));

  if (!may_switch) {
    button.disabled = true;
    choice.disabled = true;
    choice.title = button.title = "This needs a key with the role admin";
  }

  async function play(): Promise<void> {
    await post("/scenario", { scenario: choice.value });
    onSwitch();
  }
  button.addEventListener("click", () => {
    play().catch((error: Error) => {
      state.textContent = `Not switched: ${error.message}`;
    });
  });
  let shown = "";
  return {
    update({ scenario, since }: Monitoring, now: number): void {
      const text =
        scenario === "none"
          ? `Now the replay is undisturbed.${may_switch ? "" : " Switching needs a key with the role admin."}`
          : `${scenario} plays since ${beginning(since, now)}: its onset is marked in every chart.`;
      if (text === shown) return;
      shown = text;
      state.textContent = text;
      choice.value = scenario;
    },
  };
}

import { byId } from "./dom.ts";

const themes = ["system", "light", "dark"];
const name = "churnwatch-theme";

/** The theme of the system, or the one that was chosen. */
export function startTheme(onChange: () => void): void {
  const button = byId("theme");
  const show = (theme: string) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    onChange();
  };
  show(localStorage.getItem(name) ?? "system");
  button.addEventListener("click", () => {
    const present = themes.indexOf(document.documentElement.dataset.theme ?? "system");
    const next = themes[(present + 1) % themes.length] ?? "system";
    localStorage.setItem(name, next);
    show(next);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
}

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const none = "–";
type Figure = number | null | undefined;
const isFigure = (value: Figure): value is number => typeof value === "number" && Number.isFinite(value);

export const figure = (value: Figure): string => (isFigure(value) ? number.format(value) : none);
export const count = (value: Figure): string => (isFigure(value) ? whole.format(value) : none);
export const ratio = (value: Figure): string => (isFigure(value) ? value.toFixed(3) : none);
export const percent = (value: Figure): string =>
  isFigure(value)
    ? `${value !== 0 && Math.abs(value) < 0.1 ? (100 * value).toFixed(1) : (100 * value).toFixed(0)} %`
    : none;
export const timeOfDay = (iso: string): string => clock.format(new Date(iso));
export const moment = (iso: string): string => day.format(new Date(iso));

/** How long ago a time was, roughly. */
export function ago(iso: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

import type { PresentedWindow } from "../../monitoring/window-report.ts";

export type Severity = "ok" | "info" | "warning" | "critical";

export interface Result {
  evaluated_at: string;
  monitor: string;
  metric: string;
  feature: string | null;
  bin: string | null;
  value: number | null;
  lower: number | null;
  upper: number | null;
  threshold: { lower: number | null; upper: number | null };
  rows: number;
  verdict: "ok" | "alarm" | "insufficient" | "immature";
  severity: Severity;
  sentence: string;
  since: string;
}

export interface Monitoring {
  scenario: string;
  since: string;
  model_version: string | null;
  rows: number;
  verdict: { severity: Severity; sentence: string; since: string | null; advice: string };
  alarms: (Result & { advice: string })[];
  results: Result[];
}

export interface Share {
  bin: string;
  reference: number;
  current: number;
}

export interface Distributions {
  features: { feature: string; bins: Share[] }[];
  score: { bins: Share[] };
}

export interface Manifest {
  version: string;
  trainedAt: number;
  threshold: number;
  data: { rows: number; file: string };
  importance: Record<string, number>;
  performance: {
    holdout: { rows: number; classes: [number, number]; metrics: Record<string, { value: number | null }> };
  };
  reference: { rows: number; features: { name: string; counts: number[] }[] };
}

export interface ModelUse {
  version: string;
  trained_at: string;
  serving: boolean;
  serving_since: string | null;
}

export interface Prediction {
  prediction_id: string;
  probability: number;
  churn: boolean;
  threshold: number;
  model_version: string;
  explanation?: { base: number; contributions: Record<string, number>; raw_score: number; reasons: string[] };
}

export type Customer = Record<string, string | number | null>;
export type Window = PresentedWindow;

/** An answer that is not the one hoped for, in the words of the service. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const keyName = "churnwatch.key";
export const setKey = (key: string): void => sessionStorage.setItem(keyName, key);

function headers(): Record<string, string> {
  const key = sessionStorage.getItem(keyName);
  return key ? { authorization: `Bearer ${key}` } : {};
}

async function ask<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
  const response = await fetch(path, { ...options, headers: { ...headers(), ...options.headers } });
  const body = await response.json();
  if (!response.ok) throw new Refusal(response.status, body.detail ?? response.statusText);
  return body as Answer;
}

export const get = <Answer>(path: string): Promise<Answer> => ask<Answer>(path);
export const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
  ask<Answer>(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

export interface Listener {
  onEvent(type: string, data: unknown): void;
  onState(isConnected: boolean): void;
}

const patience = 25_000;

/** Follows the service's events for ever: read by fetch, so that a key can be sent along, and begun again when they end. */
export async function follow({ onEvent, onState }: Listener): Promise<never> {
  for (let wait = 500; ; wait = Math.min(5000, 2 * wait)) {
    const ended = new AbortController();
    let timer = setTimeout(() => ended.abort(), patience);
    try {
      const response = await fetch("/events", { headers: headers(), signal: ended.signal });
      if (!response.ok || !response.body) throw new Refusal(response.status, response.statusText);
      onState(true);
      wait = 500;
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      let text = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        // The service says something at least every 15 s.
        clearTimeout(timer);
        timer = setTimeout(() => ended.abort(), patience);
        text += decoder.decode(part.value, { stream: true });
        const messages = text.split("\n\n");
        text = messages.pop() as string;
        for (const message of messages) {
          const type = message.match(/^event: (.*)$/m)?.[1];
          const data = message.match(/^data: (.*)$/m)?.[1];
          if (type && data) onEvent(type, JSON.parse(data));
        }
      }
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) await new Promise((resolve) => setTimeout(resolve, 3000));
    } finally {
      clearTimeout(timer);
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

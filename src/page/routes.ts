import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Elysia } from "elysia";
import { fields } from "../customer.ts";
import { AppError } from "../errors.ts";
import type { Role } from "../http/access.ts";

const client = join(import.meta.dir, "client");

/** The one page of this service; everything that it loads comes from here. */
const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Churnwatch</title><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 8h4l2-5 3 10 2-5h3' fill='none' stroke='%232a6f97' stroke-width='1.6'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/page/app.css"><script type="module" src="/page/app.js"></script></head>
<body><script type="application/json" id="fields">${JSON.stringify(fields).replaceAll("<", "\\u003c")}</script>
<main id="app"><p class="loading" role="status">Loading what the monitors say …</p></main></body></html>`;

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Asset {
  body: Uint8Array<ArrayBuffer>;
  type: string;
  tag: string;
}

/** Bundles the page's own code and styles. @throws AppError `unavailable` when they do not build. */
async function build(): Promise<Map<string, Asset>> {
  const built = await Bun.build({
    entrypoints: [join(client, "app.ts"), join(client, "app.css")],
    target: "browser",
    minify: true,
  });
  if (!built.success) throw new AppError("unavailable", `the page does not build: ${built.logs.join("; ")}`);
  const assets = new Map<string, Asset>();
  for (const output of built.outputs) {
    const body = gzipSync(await output.arrayBuffer());
    const name = output.path.endsWith(".css") ? "app.css" : "app.js";
    assets.set(name, { body, type: output.type, tag: `"${Bun.hash(body).toString(36)}"` });
  }
  return assets;
}

export interface PageRoutesOptions {
  authorize(request: Request, role: Role): string;
  /** A held-out customer of the replay, drawn at random; null when there is none. */
  drawCustomer(): unknown;
}

/** The operator's page at `/`. */
export function pageRoutes({ authorize, drawCustomer }: PageRoutesOptions) {
  const hidden = { detail: { hide: true } };
  let assets: Promise<Map<string, Asset>> | null = null;

  async function asset(request: Request, name: string): Promise<Response> {
    assets ??= build();
    const found = (await assets).get(name);
    if (!found) throw new AppError("not_found", `there is no ${name}`);
    const headers = { etag: found.tag, "cache-control": "no-cache", "content-type": found.type };
    if (request.headers.get("if-none-match") === found.tag) return new Response(null, { status: 304, headers });
    return new Response(found.body, { headers: { ...headers, "content-encoding": "gzip" } });
  }

  return new Elysia({ name: "page" })
    .get(
      "/",
      () =>
        new Response(html, {
          headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
        }),
      hidden,
    )
    .get("/page/app.js", ({ request }) => asset(request, "app.js"), hidden)
    .get("/page/app.css", ({ request }) => asset(request, "app.css"), hidden)
    .get(
      "/page/customer",
      ({ request }) => {
        authorize(request, "read");
        return { customer: drawCustomer() };
      },
      hidden,
    );
}

import { dirname, join } from "node:path";
import { Elysia } from "elysia";

const swaggerFolder = dirname(Bun.resolveSync("swagger-ui-dist/package.json", import.meta.dir));
const asset = (name: string) => () => new Response(Bun.file(join(swaggerFolder, name)));

const page = (title: string, body: string, head = ""): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>${head}</head><body>${body}</body></html>`,
    {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy":
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
      },
    },
  );

const start = `const ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });\n`;

const front = `<main style="font:16px/1.5 system-ui;max-width:42rem;margin:4rem auto;padding:0 1rem">
<h1>Churnwatch</h1><p>Predicts churn, and knows when to stop believing the prediction.</p><ul>
<li><a href="/docs">How to call it</a></li><li><a href="/monitoring">What the monitors say</a></li>
<li><a href="/models">Model versions</a></li><li><a href="/metrics">Metrics</a></li>
<li><a href="/health/ready">Health</a></li></ul></main>`;

/** Pages for people. Everything they load comes from this service. */
export function docsRoutes() {
  const hidden = { detail: { hide: true } };
  return new Elysia({ name: "docs" })
    .get("/", () => page("Churnwatch", front), hidden)
    .get(
      "/docs",
      () =>
        page(
          "Churnwatch API",
          '<div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>',
          '<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png">',
        ),
      hidden,
    )
    .get("/docs/start.js", () => new Response(start, { headers: { "content-type": "text/javascript" } }), hidden)
    .get("/docs/swagger-ui.css", asset("swagger-ui.css"), hidden)
    .get("/docs/swagger-ui-bundle.js", asset("swagger-ui-bundle.js"), hidden)
    .get("/docs/favicon-32x32.png", asset("favicon-32x32.png"), hidden);
}

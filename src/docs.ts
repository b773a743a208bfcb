import { dirname, join } from "node:path";
import { Elysia } from "elysia";
import { documentHeaders } from "./http/document.ts";

const swaggerFolder = dirname(Bun.resolveSync("swagger-ui-dist/package.json", import.meta.dir));
const asset = (name: string) => () => new Response(Bun.file(join(swaggerFolder, name)));

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const page = (title: string, body: string, head = ""): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>${head}</head><body>${body}</body></html>`,
    {
      headers: {
        "content-type": "text/html; charset=utf-8",
        ...documentHeaders(policy),
      },
    },
  );

const start = `const ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });\n`;

/** The description of the API for people. Everything it loads comes from this service. */
export function docsRoutes() {
  const hidden = { detail: { hide: true } };
  return new Elysia({ name: "docs" })
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

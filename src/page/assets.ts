import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { documentHeaders } from "../http/document.ts";
import { withPanels } from "./with-panels.ts";

const styleMark = "<!-- style -->";

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

export interface Asset {
  type: string;
  body: Uint8Array<ArrayBuffer>;
  gzipped: Uint8Array<ArrayBuffer>;
  tag: string;
  /** The content security policy of a document. */
  policy?: readonly string[];
}

function assetOf(type: string, text: string): Asset {
  const body = Buffer.from(text);
  return {
    type: `${type}; charset=utf-8`,
    body,
    gzipped: gzipSync(body, { level: 9 }),
    tag: `"${Bun.hash(body).toString(36)}"`,
  };
}

async function bundle(entry: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, entry)],
    target: "browser",
    minify: true,
  });
  return (outputs[0] as Blob).text();
}

/** The files of the page: built from their sources once, when they are first asked for. */
export function createPageAssets() {
  const built = new Map<string, Promise<Asset>>();
  const once = (name: string, build: () => Promise<Asset>) => (): Promise<Asset> => {
    const asset = built.get(name) ?? build();
    built.set(name, asset);
    return asset;
  };
  const assets = {
    /** The page with its style inside, so that it is painted as soon as it arrives; the policy allows this style alone. */
    html: once("html", async () => {
      const style = await bundle("page.css");
      const text = await Bun.file(join(import.meta.dir, "page.html")).text();
      const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
      return {
        ...assetOf(
          "text/html",
          withPanels(text).replace(styleMark, () => `<style>${style}</style>`),
        ),
        policy: [...policy, `style-src 'sha256-${hash}'`],
      };
    }),
    script: once("script", async () => assetOf("text/javascript", await bundle("client/main.ts"))),
  };
  return {
    ...assets,
    /** Builds both, so that the first visitor does not wait. */
    async build(): Promise<void> {
      await Promise.all([assets.html(), assets.script()]);
    },
  };
}

/** The answer with an asset: compressed where the caller takes it, empty when the caller has it already. */
export function respondWith(asset: Asset, request: Request): Response {
  const common = {
    "cache-control": "no-cache",
    etag: asset.tag,
    vary: "accept-encoding",
    ...(asset.policy && documentHeaders(asset.policy)),
  };
  if (request.headers.get("if-none-match") === asset.tag) return new Response(null, { status: 304, headers: common });
  const isGzipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  return new Response(isGzipped ? asset.gzipped : asset.body, {
    headers: { ...common, "content-type": asset.type, ...(isGzipped && { "content-encoding": "gzip" }) },
  });
}

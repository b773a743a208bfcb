import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

export interface NodePackage {
  name: string;
  version: string;
  license: string | undefined;
}

export interface DebianPackage {
  name: string;
  version: string;
  architecture: string;
}

export interface Inventory {
  node: NodePackage[];
  debian: DebianPackage[];
}

/**
 * What is installed in the file system of an image that was unpacked to a folder: by the package.json of each package under
 * /app/node_modules, and by the database of dpkg.
 */
export function readInventory(root: string): Inventory {
  const node = new Map<string, NodePackage>();
  // A package is a folder right below node_modules or below a scope there; deeper package.json are parts of one.
  const files = ["*", "@*/*"].flatMap((place) => [
    ...new Glob(`app/**/node_modules/${place}/package.json`).scanSync({ cwd: root, dot: true }),
  ]);
  for (const file of files) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, file), "utf8")) as Partial<NodePackage>;
    if (typeof name !== "string" || typeof version !== "string") continue;
    node.set(`${name}@${version}`, { name, version, license: typeof license === "string" ? license : undefined });
  }
  const status = join(root, "var/lib/dpkg/status");
  return {
    node: [...node.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1)),
    debian: existsSync(status) ? debianPackages(readFileSync(status, "utf8")) : [],
  };
}

function debianPackages(status: string): DebianPackage[] {
  return status.split("\n\n").flatMap((paragraph) => {
    const field = (name: string) => paragraph.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
    const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")];
    const isInstalled = field("Status") === "install ok installed";
    return isInstalled && name && version && architecture ? [{ name, version, architecture }] : [];
  });
}

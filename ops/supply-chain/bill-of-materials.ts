import { Enums, Models, Serialize, SPDX, Spec } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import type { Inventory, NodePackage } from "./inventory.ts";
import type { LockedPackage } from "./lock-file.ts";

const licenseOf = (text: string): Models.License =>
  SPDX.isSupportedSpdxId(text) ? new Models.SpdxLicense(text) : new Models.NamedLicense(text);

export interface Subject {
  name: string;
  version: string;
  /** Of Bun, which runs it. */
  bun: string;
}

function componentOf(purl: PackageURL, group: string | undefined): Models.Component {
  const text = purl.toString();
  return new Models.Component(Enums.ComponentType.Library, purl.name, {
    bomRef: text,
    purl: text,
    ...(group && { group }),
    ...(purl.version && { version: purl.version }),
  });
}

function nodeComponent({ name, version, license }: NodePackage, locked: LockedPackage | undefined): Models.Component {
  const [group, bare] = name.startsWith("@") ? (name.split("/") as [string, string]) : [undefined, name];
  const component = componentOf(new PackageURL("npm", group, bare, version), group);
  if (license) component.licenses.add(licenseOf(license));
  if (locked?.integrity?.startsWith("sha512-")) {
    const digest = Buffer.from(locked.integrity.slice("sha512-".length), "base64").toString("hex");
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], digest);
  }
  return component;
}

/**
 * A CycloneDX 1.6 bill of materials as JSON: the packages of an image, those of npm with the checksum that bun.lock holds
 * them to, and Bun itself.
 */
export function billOfMaterials(
  subject: Subject,
  inventory: Inventory,
  locked: readonly LockedPackage[],
  at: Date,
): string {
  const bom = new Models.Bom();
  bom.serialNumber = `urn:uuid:${crypto.randomUUID()}`;
  bom.metadata.timestamp = at;
  bom.metadata.component = new Models.Component(Enums.ComponentType.Container, subject.name, {
    version: subject.version,
    bomRef: subject.name,
  });
  bom.components.add(componentOf(new PackageURL("github", "oven-sh", "bun", `bun-v${subject.bun}`), undefined));
  for (const node of inventory.node) {
    const pin = locked.find(({ name, version }) => name === node.name && version === node.version);
    bom.components.add(nodeComponent(node, pin));
  }
  for (const { name, version, architecture } of inventory.debian)
    bom.components.add(componentOf(new PackageURL("deb", "debian", name, version, { arch: architecture }), undefined));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 1 });
}

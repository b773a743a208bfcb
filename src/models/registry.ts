import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import { syncFolder } from "../storage/durable-folder.ts";
import type { ModelStore } from "../storage/models.ts";
import { createEncoder, type Encoder } from "./encoding.ts";
import { createExplanations, type Explanations } from "./explanation.ts";
import { type Manifest, manifestFormat, manifestSchema } from "./manifest.ts";
import { type Binner, createBinner } from "./profile.ts";
import { servicesOf } from "./services.ts";
import { openSession, type Session } from "./session.ts";
import { decodeTrees } from "./trees-file.ts";

/** What is told of a model, without what scores. */
export interface Model {
  manifest: Manifest;
  /** Read when it is first asked for. @throws AppError `unavailable` when the model has no trees, or they are damaged. */
  explanations(): Explanations;
}

export interface LoadedModel extends Model {
  session: Session;
  encode: Encoder;
  binner: Binner;
}

/** How the session of a loaded model comes about. @throws AppError `unavailable` when the bytes are no such model. */
export type OpenSession = (onnx: Uint8Array, featureCount: number) => Promise<Session>;

export interface RegistryOptions {
  /** The folder with one folder for each version. */
  directory: string;
  store: ModelStore;
  now: () => number;
}

export type Registry = ReturnType<typeof createRegistry>;

const remedy = "choose another version (bun run model:list, model:use, model:rollback) or train again (bun run train)";

/** Who changes the model without the API: whoever may write the data directory. */
const commandLine = "command line";

// As newVersion makes them: folders of any other name are not the registry's to delete.
const versionPattern = /^\d{8}T\d{6}(-\d+)?$/;
const writingPrefix = ".writing-";

/** The file is named without its folder, and the reason by its code: HTTP answers carry this message. */
function unreadable(version: string, file: string, cause: unknown): AppError {
  const reason = (cause as { code?: string }).code ?? messageOf(cause);
  return new AppError("unavailable", `model ${version}: cannot read ${file}: ${reason}; ${remedy}`, { cause });
}

/** Model versions: files under `<directory>/<version>/`, and the record of which one serves. */
export function createRegistry({ directory, store, now }: RegistryOptions) {
  const folderOf = (version: string): string => join(directory, version);
  const isRegistered = (version: string): boolean => store.list().some((model) => model.version === version);

  function requireRegistered(version: string): void {
    if (!isRegistered(version))
      throw new AppError("not_found", `there is no model version ${version} (GET /models lists them)`);
  }

  /** @throws AppError `unavailable` when the manifest is absent, damaged or of another format. */
  function readManifest(version: string): Manifest {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(join(folderOf(version), "manifest.json"), "utf8"));
    } catch (error) {
      throw unreadable(version, "manifest.json", error);
    }
    const format = (content as { format?: unknown } | null)?.format;
    if (format !== manifestFormat) {
      throw new AppError(
        "unavailable",
        `model ${version} has manifest format ${format}, this program reads ${manifestFormat}; ${remedy}`,
      );
    }
    const manifest = manifestSchema.safeParse(content);
    if (manifest.success) return manifest.data;
    const issue = manifest.error.issues[0];
    throw new AppError(
      "unavailable",
      `model ${version}: bad manifest at ${issue?.path.join(".")}: ${issue?.message}; ${remedy}`,
    );
  }

  /** @throws AppError `unavailable` when the manifest is absent, damaged or of another format. */
  function read(version: string): Model {
    const manifest = readManifest(version);
    let explanations: Explanations | null = null;
    return {
      manifest,
      explanations() {
        explanations ??= readExplanations(manifest);
        return explanations;
      },
    };
  }

  /** @throws AppError `unavailable` when a file is absent or its content is not what was registered. */
  async function load(version: string, { open = openSession }: { open?: OpenSession } = {}): Promise<LoadedModel> {
    const model = read(version);
    const { onnx, features, reference } = model.manifest;
    return {
      ...model,
      session: await open(readChecked(version, onnx), features.length),
      encode: createEncoder(features),
      binner: createBinner(reference),
    };
  }

  /** @throws AppError `unavailable` when a file is absent or its content is not what was registered. */
  function readChecked(version: string, { file: name, sha256 }: { file: string; sha256: string }): Uint8Array {
    let content: Uint8Array;
    try {
      content = readFileSync(join(folderOf(version), name));
    } catch (error) {
      throw unreadable(version, name, error);
    }
    if (createHash("sha256").update(content).digest("hex") !== sha256) {
      throw new AppError(
        "unavailable",
        `model ${version}: ${name} is damaged (its checksum differs from the manifest); ${remedy}`,
      );
    }
    return content;
  }

  function readExplanations(manifest: Manifest): Explanations {
    const { version, trees } = manifest;
    if (!trees)
      throw new AppError(
        "unavailable",
        `model ${version} has no trees to explain its predictions by: ask without explain`,
      );
    return createExplanations(manifest, decodeTrees(readChecked(version, trees)));
  }

  return {
    list: () => store.list(),
    currentUse: () => store.current(),
    /** When which version served, oldest first. */
    services: () => servicesOf(store.uses()),
    readManifest(version: string): Manifest {
      requireRegistered(version);
      return readManifest(version);
    },
    read,
    load,
    /** @throws AppError `unavailable` when a file of a version is gone, which its next load would need. */
    requireFiles({ version, onnx, trees }: Manifest): void {
      for (const name of ["manifest.json", onnx.file, ...(trees ? [trees.file] : [])]) {
        try {
          statSync(join(folderOf(version), name));
        } catch (error) {
          throw unreadable(version, name, error);
        }
      }
    },
    /** @throws AppError `unavailable` when the version has no trees, or they are damaged. */
    readExplanations: (version: string): Explanations => readExplanations(readManifest(version)),
    /** Stores a version: its folder appears whole or not at all, is on disk, and only then is it registered. */
    add(manifest: Manifest, files: Record<string, Uint8Array | string>): void {
      const temporary = join(directory, `${writingPrefix}${manifest.version}`);
      rmSync(temporary, { recursive: true, force: true });
      mkdirSync(temporary, { recursive: true });
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(temporary, name), content, { flush: true });
      writeFileSync(join(temporary, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`, { flush: true });
      syncFolder(temporary);
      renameSync(temporary, folderOf(manifest.version));
      for (const changed of [directory, join(directory, "..")]) syncFolder(changed);
      store.register({ version: manifest.version, trainedAt: manifest.trainedAt, registeredAt: now() });
    },
    /**
     * Deletes what a process that was killed while it stored a version left: folders that were not finished, or not
     * registered. Only while no other process can be storing one. @returns the folders' names.
     */
    removeLeftovers(): string[] {
      if (!existsSync(directory)) return [];
      const leftovers = readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .filter((name) => name.startsWith(writingPrefix) || (versionPattern.test(name) && !isRegistered(name)));
      for (const name of leftovers) rmSync(join(directory, name), { recursive: true, force: true });
      return leftovers;
    },
    /** A version name made from a time that no other version has. */
    newVersion(time: number): string {
      const base = new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
      let version = base;
      for (let i = 2; existsSync(folderOf(version)) || isRegistered(version); i++) version = `${base}-${i}`;
      return version;
    },
    /** Makes a version the serving one, after proof that it loads. `actor` is who did, for the audit log. */
    async use(version: string, actor = commandLine): Promise<void> {
      requireRegistered(version);
      const model = await load(version);
      await model.session.release();
      store.use(version, now(), actor);
    },
    /** Goes back to the version that served before, after proof that it loads. @returns that version. */
    async rollback(actor = commandLine): Promise<string> {
      const previous = store.previous();
      if (!previous)
        throw new AppError("conflict", "no version served before the present one: nothing to roll back to");
      const model = await load(previous);
      await model.session.release();
      store.rollback(now(), actor);
      return previous;
    },
  };
}

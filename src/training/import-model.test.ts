import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Customer, customerSchema, fieldNames } from "../customer.ts";
import { type Dataset, openDataset } from "../data/ingest.ts";
import { writeSample } from "../data/sample.ts";
import { AppError } from "../errors.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { createEncoder, encodeTable } from "../models/encoding.ts";
import type { Manifest } from "../models/manifest.ts";
import { openSession, scoreColumns } from "../models/session.ts";
import { boundedLogOdds } from "../onnx/adapt.ts";
import { constant, elementType, integersAttribute, matrix, node, stringsAttribute, tensor } from "../onnx/nodes.ts";
import { type Field, field, message } from "../onnx/protobuf.ts";
import { logistic } from "../statistics/calibration.ts";
import { trainQuietly } from "../testing/real-rows.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { type ImportManifest, parseImportManifest } from "./import-manifest.ts";
import { importModel } from "./import-model.ts";

const folder = temporaryFolder();
let dataset: Dataset;

beforeAll(async () => {
  const sample = join(folder.path, "sample.csv");
  writeSample(sample, { rows: 3000, seed: 1 }, () => {});
  dataset = await openDataset(sample);
});
afterAll(() => {
  dataset.close();
  folder.remove();
});

const importOf = (onnx: Uint8Array, manifest: ImportManifest = {}) =>
  importModel({
    onnx,
    name: "model.onnx",
    manifest,
    dataset,
    version: "v",
    seed: 1,
    now: () => 0,
    onStage: () => {},
    onWarning: () => {},
  });

async function scoreCustomers(onnx: Uint8Array, { features }: Manifest, customers: Customer[]): Promise<number[]> {
  const encode = createEncoder(features);
  const rows = new Float32Array(customers.length * features.length);
  for (const [i, customer] of customers.entries()) encode(customer, rows, i * features.length);
  const session = await openSession(onnx, features.length);
  const probabilities = await session.score(rows, customers.length);
  await session.release();
  return [...probabilities];
}

const made = join(import.meta.dir, "imported");
function readMade(name: string) {
  const golden = JSON.parse(readFileSync(join(made, `${name}.golden.json`), "utf8"));
  return {
    onnx: new Uint8Array(readFileSync(join(made, `${name}.onnx`))),
    manifest: parseImportManifest(JSON.stringify(golden.manifest), name),
    customers: (golden.customers as unknown[]).map((customer) => customerSchema.parse(customer)),
    probabilities: golden.probabilities as number[],
  };
}

describe("a model written by another tool's own converter", () => {
  test.each([
    ["xgboost", 12],
    ["lightgbm", 12],
    ["sklearn-pipeline", 0],
    ["sklearn-forest", 8],
  ])(
    "gives what %s itself predicts, and calibrated what that says",
    async (name, trees) => {
      const { onnx, manifest: told, customers, probabilities } = readMade(name);
      const plain = await importOf(onnx, { ...told, calibrate: false });
      const served = await scoreCustomers(plain.onnx, plain.manifest, customers);
      served.forEach((probability, i) => void expect(probability).toBeCloseTo(probabilities[i] as number, 5));
      expect(new Set(served).size).toBeGreaterThan(10);

      const { manifest, onnx: adapted } = await importOf(onnx, told);
      const { slope, intercept } = manifest.calibration;
      (await scoreCustomers(adapted, manifest, customers)).forEach((probability, i) => {
        expect(probability).toBeCloseTo(logistic(slope * boundedLogOdds(served[i] as number) + intercept), 5);
      });
      expect(manifest.learner.trees).toBe(trees);
      expect(manifest.performance.holdout.metrics.roc_auc.value).toBeGreaterThan(0.85);
      expect(Object.keys(manifest.importance)).toEqual([...fieldNames]);
      expect(Object.values(manifest.importance).reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
      expect([manifest.trees, manifest.attribution]).toEqual([undefined, undefined]);
    },
    60_000,
  );

  test("reads a missing and an unknown category as the manifest says", async () => {
    const { onnx, manifest: told } = readMade("lightgbm");
    const { manifest, onnx: adapted } = await importOf(onnx, { ...told, calibrate: false });
    const score = async (region: string | null) =>
      (await scoreCustomers(adapted, manifest, [customerSchema.parse({ user_id: "a", regularity: 20, region })]))[0];
    expect(await score("nowhere")).toBe(await score(null));
    expect(await score("DAKAR")).not.toBe(await score(null));
  }, 30_000);
});

describe("a model of bun run train", () => {
  test("says itself what its columns are, and gives the same probabilities", async () => {
    const trained = await trainQuietly(dataset, { ...defaultParameters, rounds: 10 });
    const { manifest, onnx } = await importOf(trained.onnx, { calibrate: false, probabilities: "probability" });
    expect(manifest.features).toEqual(trained.manifest.features);
    const score = async (file: Uint8Array) => {
      const session = await openSession(file, fieldNames.length);
      const scores = await scoreColumns(session, encodeTable(manifest.features, await dataset.read("holdout")));
      await session.release();
      return scores;
    };
    expect(await score(onnx)).toEqual(await score(trained.onnx));
    expect(manifest.threshold).toBeCloseTo(trained.manifest.threshold, 6);
  }, 60_000);
});

interface Built {
  inputs?: Field[];
  outputs?: Field[];
  nodes: Field[];
  /** Version of the standard domain. */
  opset?: number;
  rest?: Field[];
}

/** A model that is written here; by default a matrix of all fields in, a probability out. */
const build = ({ inputs, outputs, nodes, opset = 17, rest = [] }: Built): Uint8Array =>
  message([
    field.integer(1, 8),
    field.message(7, [
      ...nodes,
      ...rest,
      ...(inputs ?? [matrix(11, "x", fieldNames.length)]),
      ...(outputs ?? [matrix(12, "p", 1)]),
    ]),
    field.message(8, [field.string(1, ""), field.integer(2, opset)]),
    field.message(8, [field.string(1, "ai.onnx.ml"), field.integer(2, 3)]),
  ]);

/** An input (11) or output (12) of a shape; a text stands for an open size. */
const shaped = (number: number, name: string, shape: (number | string)[], type: number = elementType.float): Field =>
  field.message(number, [
    field.string(1, name),
    field.message(2, [
      field.message(1, [
        field.integer(1, type),
        field.message(
          2,
          shape.map((size) =>
            field.message(1, [typeof size === "string" ? field.string(2, size) : field.integer(1, size)]),
          ),
        ),
      ]),
    ]),
  ]);

const regularity = fieldNames.indexOf("regularity");
const axis = (value: number) =>
  field.message(5, [field.string(1, "axis"), field.integer(3, value), field.integer(20, 2)]);
const pick = (column: number, output: string) => [
  constant(`${output}_index`, "int64", [column]),
  node("Gather", ["x", `${output}_index`], output, [axis(1)]),
];
/** log-odds = −regularity / 20, a missing one being 0. */
const logOdds = (input: string, output: string) => [
  constant(`${output}_zero`, "float", [0]),
  constant(`${output}_scale`, "float", [-0.05]),
  node("IsNaN", [input], `${output}_missing`),
  node("Where", [`${output}_missing`, `${output}_zero`, input], `${output}_known`),
  node("Mul", [`${output}_known`, `${output}_scale`], output),
];
const sound = [...pick(regularity, "r"), ...logOdds("r", "z"), node("Sigmoid", ["z"], "p")];
const two = (first: string, second: string) => node("Concat", [first, second], "both", [axis(1)]);
const complement = [constant("one", "float", [1]), node("Sub", ["one", "p"], "q")];

describe("a model written by hand", () => {
  const inactive = customerSchema.parse({ user_id: "a", regularity: 10 });
  const expected = logistic(-0.5);
  const scoreOf = async (onnx: Uint8Array, manifest: ImportManifest = {}) => {
    const imported = await importOf(onnx, { ...manifest, calibrate: false });
    return (await scoreCustomers(imported.onnx, imported.manifest, [inactive]))[0];
  };

  test("of all fields in their order needs no manifest", async () => {
    expect(await scoreOf(build({ nodes: sound }))).toBeCloseTo(expected, 6);
  }, 30_000);

  test("may take one vector of doubles for each column", async () => {
    const shape = [constant("flat", "int64", [-1])];
    const cast = node("Cast", ["REGULARITY"], "r", [
      field.message(5, [field.string(1, "to"), field.integer(3, elementType.float), field.integer(20, 2)]),
    ]);
    const nodes = [...shape, cast, ...logOdds("r", "z"), node("Sigmoid", ["z"], "p")];
    const outputs = [tensor(12, "p", elementType.float)];
    expect(
      await scoreOf(build({ inputs: [shaped(11, "REGULARITY", ["rows"], elementType.double)], outputs, nodes })),
    ).toBeCloseTo(expected, 6);
  }, 30_000);

  test("may declare one row and take more, and give half-precision numbers", async () => {
    const toHalf = node("Cast", ["whole"], "p", [
      field.message(5, [field.string(1, "to"), field.integer(3, elementType.float16), field.integer(20, 2)]),
    ]);
    const inputs = [shaped(11, "x", [1, fieldNames.length])];
    const outputs = [shaped(12, "p", [1, 1], elementType.float16)];
    const nodes = [...sound.slice(0, -1), node("Sigmoid", ["z"], "whole"), toHalf];
    expect(await scoreOf(build({ inputs, outputs, nodes }))).toBeCloseTo(expected, 3);
  }, 30_000);

  test("may name its values as the service does, and have the churners' class first", async () => {
    const nodes = [...sound, ...complement, two("p", "q"), node("Identity", ["both"], "probability")];
    const outputs = [matrix(12, "probability", 2), tensor(12, "label", elementType.int64)];
    const labels = [constant("label", "int64", [0])];
    expect(await scoreOf(build({ nodes: [...nodes, ...labels], outputs }), { churn_class: 0 })).toBeCloseTo(
      expected,
      6,
    );
  }, 30_000);

  const mixing = [
    ...sound.slice(0, -1),
    node("ReduceMax", ["z"], "most"),
    node("Sub", ["z", "most"], "w"),
    node("Sigmoid", ["w"], "p"),
  ];
  const reversed = [...sound, ...complement];
  const zipMap = node("ZipMap", ["both"], "maps", [
    stringsAttribute("classlabels_strings", ["leaves", "stays"]),
    field.string(7, "ai.onnx.ml"),
  ]);
  const sequence = field.message(12, [field.string(1, "maps"), field.message(2, [field.message(4, [])])]);
  const initializer = field.message(5, [
    field.integers(1, [1]),
    field.integer(2, 1),
    field.string(8, "w"),
    field.integer(14, 1),
  ]);
  const tree = node("TreeEnsembleRegressor", ["x"], "p", [
    integersAttribute("nodes_featureids", [0, 3]),
    field.string(7, "ai.onnx.ml"),
  ]);
  const open = tensor(11, "x", elementType.float);

  test.each<[string, Uint8Array, ImportManifest, string]>([
    ["text", new TextEncoder().encode("<html>no model</html>"), {}, "it is no ONNX model"],
    ["an empty file", new Uint8Array(), {}, "make one with the converter"],
    ["half a file", build({ nodes: sound }).subarray(0, 300), {}, "it is no ONNX model"],
    ["weights in other files", build({ nodes: sound, rest: [initializer] }), {}, "in other files"],
    [
      "operators of no standard",
      build({ nodes: [node("Magic", ["x"], "p", [field.string(7, "my.ops")])] }),
      {},
      "my.ops:Magic",
    ],
    ["an operator that does not exist", build({ nodes: [node("Magic", ["x"], "p")] }), {}, "Magic"],
    ["an operator set too old", build({ nodes: sound, opset: 8 }), {}, "operator set 8"],
    ["an operator set too new", build({ nodes: sound, opset: 999 }), {}, "Opset 999"],
    ["labels alone", build({ nodes: sound, outputs: [tensor(12, "p", elementType.int64)] }), {}, "no probabilities"],
    [
      "several outputs",
      build({ nodes: [...sound, ...complement], outputs: [matrix(12, "p", 1), matrix(12, "q", 1)] }),
      {},
      `several outputs of real numbers`,
    ],
    ["an output that is not there", build({ nodes: sound }), { probabilities: "chance" }, "no output chance"],
    [
      "three classes",
      build({
        nodes: [...sound, node("Concat", ["p", "p", "p"], "three", [axis(1)])],
        outputs: [matrix(12, "three", 3)],
      }),
      {},
      "two columns, or one",
    ],
    [
      "one number for all customers",
      build({ nodes: [...sound, node("ReduceMax", ["p"], "most")], outputs: [matrix(12, "most", 1)] }),
      {},
      "one row each",
    ],
    [
      "rows of a fixed number",
      build({
        inputs: [shaped(11, "x", [1, fieldNames.length])],
        nodes: [
          ...sound.slice(0, -1),
          constant("one_row", "int64", [1, 1]),
          node("Reshape", ["z", "one_row"], "w"),
          node("Sigmoid", ["w"], "p"),
        ],
      }),
      {},
      "The input tensor cannot be reshaped to the requested shape. Input shape:{32,1}, requested shape:{1,1}; its input x has a fixed number of rows (1)",
    ],
    [
      "an output that nothing makes",
      build({ nodes: sound, outputs: [matrix(12, "nothing", 1)] }),
      {},
      "input 'nothing' is not",
    ],
    [
      "classes of unknown names",
      build({ nodes: [...reversed, two("p", "q"), zipMap], outputs: [sequence] }),
      {},
      "leaves and stays, none of them 1",
    ],
    [
      "a sequence that no ZipMap makes",
      build({ nodes: [...sound, node("SequenceConstruct", ["p"], "maps")], outputs: [sequence] }),
      {},
      "no ZipMap",
    ],
    [
      "too few columns",
      build({ nodes: sound, inputs: [matrix(11, "x", 3)] }),
      {},
      "has 3 columns, and 16 would be fed",
    ],
    [
      "trees that ask for more columns",
      build({ nodes: [tree], inputs: [open] }),
      { columns: [{ name: "montant" }, { name: "revenue" }] },
      "asks for column 4, and 2",
    ],
    [
      "half-precision numbers",
      build({ nodes: sound, inputs: [matrix(11, "x", 16, elementType.float16)] }),
      {},
      "float16",
    ],
    [
      "a matrix of texts",
      build({ nodes: sound, inputs: [matrix(11, "x", 16, elementType.string)] }),
      {},
      "matrix of string",
    ],
    [
      "an input of no field",
      build({ nodes: sound, inputs: [matrix(11, "age", 1), matrix(11, "region", 1)] }),
      {},
      "input age is no field",
    ],
    [
      "an input that the manifest leaves out",
      build({ nodes: sound, inputs: [matrix(11, "region", 1), matrix(11, "montant", 1)] }),
      { columns: [{ name: "region" }] },
      "for the input montant",
    ],
    [
      "whole numbers and no word for missing",
      build({ nodes: sound, inputs: [matrix(11, "montant", 1, elementType.int64)] }),
      {},
      "with which number missing",
    ],
    [
      "NaN",
      build({
        nodes: [
          ...pick(fieldNames.indexOf("montant"), "m"),
          constant("scale", "float", [1e-6]),
          node("Mul", ["m", "scale"], "p"),
        ],
      }),
      {},
      "say in the manifest what stands for missing",
    ],
    ["raw scores", build({ nodes: sound, outputs: [matrix(12, "z", 1)] }), {}, "which is no probability"],
    ["the other class", build({ nodes: reversed, outputs: [matrix(12, "q", 1)] }), {}, "churn_class"],
    [
      "the same for all",
      build({
        nodes: [...sound, constant("nil", "float", [0]), node("Mul", ["p", "nil"], "same")],
        outputs: [matrix(12, "same", 1)],
      }),
      {},
      "the same probability",
    ],
    ["what depends on the others", build({ nodes: mixing }), {}, "mixes rows"],
    [
      "a column twice",
      build({ nodes: sound }),
      { columns: [{ name: "montant" }, { name: "montant" }] },
      "listed twice",
    ],
    [
      "codes of a number",
      build({ nodes: sound, inputs: [matrix(11, "x", 2)] }),
      { columns: [{ name: "montant", codes: { a: 1 } }, { name: "region" }] },
      "montant of the manifest has codes",
    ],
  ])(
    "is refused that has %s",
    async (_, onnx, manifest, reason) => {
      const failed = await importOf(onnx, manifest).then(
        () => null,
        (error: unknown) => error as AppError,
      );
      expect(failed).toBeInstanceOf(AppError);
      expect([failed?.code, failed?.message]).toEqual(["invalid_data", expect.stringContaining(reason)]);
    },
    20_000,
  );
});

describe("the manifest of an import", () => {
  test.each([
    ["{", "is no JSON"],
    ['{"colums":[]}', "colums"],
    ['{"columns":[{"name":"age"}]}', "columns.0.name"],
    ['{"columns":[]}', "columns"],
    ['{"threshold":1}', "threshold"],
  ])("is refused that says %s", (text, reason) => {
    expect(() => parseImportManifest(text, "manifest.json")).toThrow(reason);
  });

  test("names columns in any case", () => {
    expect(parseImportManifest('{"columns":[{"name":"REGION"}]}', "m").columns).toEqual([{ name: "region" }]);
  });
});

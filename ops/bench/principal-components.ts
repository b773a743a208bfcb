import type { CellMatrix } from "../../src/learner/domain-classifier.ts";

export interface Components {
  means: Float64Array;
  deviations: Float64Array;
  /** Orthonormal directions that explain most of the variance, largest first. */
  directions: Float64Array[];
}

const explained = 0.65;

const standardised = ({ cells, width }: CellMatrix, { means, deviations }: Components, row: number): Float64Array =>
  Float64Array.from(
    { length: width },
    (_, f) => ((cells[row * width + f] as number) - (means[f] as number)) / (deviations[f] as number),
  );

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** The principal components of standardised cells that explain 65 % of their variance, by power iteration. */
export function fitComponents(matrix: CellMatrix): Components {
  const { cells, width } = matrix;
  const rows = cells.length / width;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (let i = 0; i < cells.length; i++) means[i % width] = (means[i % width] as number) + (cells[i] as number) / rows;
  for (let i = 0; i < cells.length; i++)
    deviations[i % width] =
      (deviations[i % width] as number) + ((cells[i] as number) - (means[i % width] as number)) ** 2 / rows;
  for (let f = 0; f < width; f++) deviations[f] = Math.sqrt(deviations[f] as number) || 1;
  const components: Components = { means, deviations, directions: [] };
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (let row = 0; row < rows; row++) {
    const values = standardised(matrix, components, row);
    for (let f = 0; f < width; f++)
      for (let g = 0; g < width; g++) {
        const line = covariance[f] as Float64Array;
        line[g] = (line[g] as number) + ((values[f] as number) * (values[g] as number)) / rows;
      }
  }
  const whole = covariance.reduce((sum, line, f) => sum + (line[f] as number), 0);
  for (let taken = 0; taken < explained * whole && components.directions.length < width; ) {
    let direction = Float64Array.from({ length: width }, (_, f) => 1 + f / width);
    let size = 0;
    for (let step = 0; step < 500; step++) {
      const next = Float64Array.from(covariance, (line) => dot(line, direction));
      size = Math.sqrt(dot(next, next));
      direction = next.map((value) => value / size);
    }
    components.directions.push(direction);
    taken += size;
    for (let f = 0; f < width; f++)
      for (let g = 0; g < width; g++) {
        const line = covariance[f] as Float64Array;
        line[g] = (line[g] as number) - size * (direction[f] as number) * (direction[g] as number);
      }
  }
  return components;
}

/** Mean distance between standardised rows and what the components keep of them (NannyML's data reconstruction). */
export function reconstructionError(components: Components, matrix: CellMatrix): number {
  const rows = matrix.cells.length / matrix.width;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const values = standardised(matrix, components, row);
    const kept = components.directions.reduce((squares, direction) => squares + dot(values, direction) ** 2, 0);
    sum += Math.sqrt(Math.max(0, dot(values, values) - kept));
  }
  return sum / rows;
}

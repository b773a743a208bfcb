import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";

/** The cells of a column: UTINYINT, FLOAT or INTEGER. */
export type Column = Uint8Array | Float32Array | Int32Array;

const isColumn = (cells: unknown): cells is Column =>
  cells instanceof Uint8Array || cells instanceof Float32Array || cells instanceof Int32Array;

/** What a query gives, as it streams, a few thousand rows at once. */
export async function* chunksOf(connection: DuckDBConnection, query: string): AsyncGenerator<DuckDBDataChunk> {
  const result = await connection.stream(query);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    yield chunk;
}

/**
 * The cells of a column without null, as they lie in memory: a view that lasts as long as the chunk. The library's own
 * accessors take a call for each cell, which is most of the time of reading a file.
 */
export function cellsOf(chunk: DuckDBDataChunk, column: number): Column {
  const vector: object = chunk.getColumnVector(column);
  if (!("items" in vector && isColumn(vector.items)))
    throw new TypeError(`column ${column} of the query is ${vector.constructor.name}: no numbers in a typed array`);
  return vector.items.subarray(0, chunk.rowCount);
}

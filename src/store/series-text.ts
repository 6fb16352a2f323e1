import { isoText } from './iso-text.js';
import type { ExportChunk } from './reader-protocol.js';
import type { SeriesPoint, SeriesQuery } from './reader-types.js';

/** The JSON text of a field of a point. */
function fieldText(field: keyof SeriesPoint | '__typename'): (point: SeriesPoint) => string {
  if (field === '__typename') return () => '"SeriesPoint"';
  if (field === 'time') {
    const iso = isoText();
    return ({ time }) => `"${iso(time)}"`;
  }
  return (point) => {
    const value = point[field] ?? null;
    // Decimal text needs no escaping.
    return typeof value === 'string' ? `"${value}"` : String(value);
  };
}

/** Points as a JSON array, in pieces. */
export async function* seriesChunks(
  pieces: AsyncIterable<readonly SeriesPoint[]>,
  keys: SeriesQuery['keys'],
): AsyncGenerator<ExportChunk> {
  const fields = keys.map(([key, field]) => [`${JSON.stringify(key)}:`, fieldText(field)] as const);
  const chunk = (text: string): ExportChunk => ({ text, records, place: null });
  let records = 0;
  for await (const points of pieces) {
    if (points.length === 0) continue;
    let text = '';
    for (const point of points) {
      text += records++ === 0 ? '[{' : ',{';
      let lead = '';
      for (const [key, write] of fields) {
        text += lead + key + write(point);
        lead = ',';
      }
      text += '}';
    }
    yield chunk(text);
  }
  yield chunk(records === 0 ? '[]' : ']');
}

/** Bytes as gigabytes of 10^9, with one decimal: `69.1`. For messages. */
export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

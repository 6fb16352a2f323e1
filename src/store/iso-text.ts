/** Formats times, Unix ms, as ISO 8601 in UTC; within one minute only the end is rebuilt. */
export function isoText(): (ms: number) => string {
  let minute = NaN;
  let begin = '';
  return (ms) => {
    const within = ms - Math.floor(ms / 60_000) * 60_000;
    if (ms - within !== minute) {
      minute = ms - within;
      begin = new Date(minute).toISOString().slice(0, 17);
    }
    const text = String(100_000 + within);
    return `${begin}${text.slice(1, 3)}.${text.slice(3)}Z`;
  };
}

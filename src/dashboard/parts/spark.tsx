/** A line of a few points without axes, decorating the number beside it. */
export function Spark(props: {
  readonly values: readonly number[];
  readonly points: number;
  readonly width: number;
  readonly height: number;
}) {
  const { values, points, width, height } = props;
  const most = Math.max(1, ...values);
  const step = width / (points - 1);
  const first = points - values.length;
  const place = (value: number, i: number): string =>
    `${((first + i) * step).toFixed(1)},${(height - 1.5 - (value / most) * (height - 3)).toFixed(1)}`;
  const line = values.map(place).join(' ');
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {values.length > 1 && (
        <>
          <polygon points={`${first * step},${height} ${line} ${width},${height}`} />
          <polyline points={line} />
        </>
      )}
    </svg>
  );
}

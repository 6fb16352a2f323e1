import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { exchangeOrder } from '../data/exchanges.js';
import { kindOf, percentOf, type Slot, type Strip, useStrips } from '../data/night.js';
import { clock, count, duration, percent } from '../text/format.js';
import { withZone, zoneName } from '../text/zone.js';
import { t } from '../text/texts.js';
import { ExchangeDot } from './exchange-dot.js';

/** Height of a strip in its own units. */
const HEIGHT = 24;
/** Minimum height of what is missing: a gap of a second is still a gap. */
const LEAST = 4;

/** `03:15`. */
const minute = (ms: number): string => clock(ms).slice(0, 5);

/** A slot in words. */
function slotText(strip: Strip, slot: Slot, until: number): string {
  const { night } = t.value;
  const from = Date.parse(slot.time);
  const kind = kindOf(strip, slot);
  const what =
    kind === 'gap'
      ? `${percent(slot.percent ?? 0)} ${night.recorded}, ${night.gaps(count(slot.gaps))}`
      : night.kinds[kind];
  return `${minute(from)}–${minute(until)} ${zoneName(from)}: ${what}`;
}

function StripRow({ strip }: { readonly strip: Strip }) {
  const [at, setAt] = useState<number | null>(null);
  const { night, exchange: names, cause } = t.value;
  const { exchange, slots, causes } = strip;
  const name = names[exchange];
  const share = percentOf(strip);
  const last = slots.length - 1;
  const until = (i: number): number => Date.parse(slots[i + 1]?.time ?? strip.to);
  const shown = at === null ? null : slotText(strip, slots[at]!, until(at));
  const point = (event: PointerEvent): void => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    setAt(Math.max(0, Math.min(last, Math.floor(((event.clientX - left) / width) * slots.length))));
  };
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: Math.max(0, (at ?? slots.length) - 1),
    ArrowRight: Math.min(last, (at ?? last) + 1),
    Home: 0,
    End: last,
  };
  return (
    <div class="night-row">
      <span class="night-name">
        <ExchangeDot exchange={exchange} />
        {name}
      </span>
      <b class="number">{share === null ? night.nothing : percent(share)}</b>
      <div
        class="strip"
        role="slider"
        tabIndex={0}
        aria-label={`${name}: ${night.heading}`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at ?? last}
        aria-valuetext={shown ?? slotText(strip, slots[last]!, until(last))}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        onKeyDown={(event) => {
          const to = steps[event.key];
          if (to === undefined) return;
          event.preventDefault();
          setAt(to);
        }}
      >
        <svg
          viewBox={`0 0 ${slots.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {slots.map((slot, i) => {
            const kind = kindOf(strip, slot);
            const missing = HEIGHT * (1 - (slot.percent ?? 100) / 100);
            return (
              <Fragment key={i}>
                <rect
                  class={kind === 'gap' ? 'covered' : kind}
                  x={i}
                  y={0}
                  width={1}
                  height={HEIGHT}
                />
                {kind === 'gap' && (
                  <rect class="gap" x={i} y={0} width={1} height={Math.max(LEAST, missing)} />
                )}
                {i === at && <rect class="picked" x={i} y={HEIGHT - 3} width={1} height={3} />}
              </Fragment>
            );
          })}
        </svg>
      </div>
      <p class="night-note muted">
        {shown !== null ? (
          <span>{shown}</span>
        ) : causes.length === 0 ? (
          share !== null && night.noGaps
        ) : (
          <Link href={`/events?level=WARN&exchange=${exchange}`}>
            {causes
              .map(
                (gap) =>
                  `${cause[gap.cause]} ${night.times(count(gap.count))} ${duration(Number(gap.ms))}`,
              )
              .join(' · ')}
          </Link>
        )}
      </p>
    </div>
  );
}

/** How each exchange was recorded over the last day: what happened overnight. */
export function Night() {
  const strips = useStrips();
  const { night, common } = t.value;
  const ordered = exchangeOrder.value.flatMap(
    (exchange) => strips?.find((strip) => strip.exchange === exchange) ?? [],
  );
  const first = ordered[0];
  return (
    <section class="panel night" aria-labelledby="night-heading">
      <div class="panel-head">
        <h2 id="night-heading">{withZone(night.heading)}</h2>
        <ul class="legend">
          {(['covered', 'gap', 'before', 'off'] as const).map((kind) => (
            <li key={kind}>
              <span class={`slot-sample ${kind}`} aria-hidden="true" />
              {night.kinds[kind]}
            </li>
          ))}
        </ul>
      </div>
      {first === undefined ? (
        <p class="empty">{common.loading}</p>
      ) : (
        <>
          {ordered.map((strip) => (
            <StripRow key={strip.exchange} strip={strip} />
          ))}
          <p class="night-times muted" aria-hidden="true">
            <span>{minute(Date.parse(first.from))}</span>
            <span>{minute((Date.parse(first.from) + Date.parse(first.to)) / 2)}</span>
            <span>{minute(Date.parse(first.to))}</span>
          </p>
        </>
      )}
    </section>
  );
}

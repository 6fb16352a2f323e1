import type { ComponentChildren } from 'preact';
import { figures, framesHistory } from '../data/recorder.js';
import { bytes, count, duration, NONE, rate } from '../text/format.js';
import { t } from '../text/texts.js';
import { Spark } from './spark.js';

function Tile(props: {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly children?: ComponentChildren;
  readonly class?: string;
}) {
  return (
    <div class={`tile ${props.class ?? ''}`}>
      <dt>{props.name}</dt>
      <dd>
        <span class="value">
          {props.value}
          {props.unit !== undefined && <span class="unit">{props.unit}</span>}
        </span>
        <span class="note">{props.children}</span>
      </dd>
    </div>
  );
}

const numberOf = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

/** The recorder's figures: rates and free space. */
export function Totals() {
  const recorder = figures.value;
  const { overview } = t.value;
  const size = numberOf(recorder?.databaseBytes);
  const most = numberOf(recorder?.maxDatabaseBytes);
  const growth = numberOf(recorder?.growthBytesPerDay);
  const free = numberOf(recorder?.freeBytes);
  const untilMost =
    most !== null && size !== null && growth !== null && growth > 0
      ? Math.max(0, most - size) / growth
      : null;
  const days = untilMost ?? recorder?.daysUntilFull ?? null;
  const dropped = Number(recorder?.droppedBooks ?? 0);
  return (
    <dl class="tiles" id="totals">
      <Tile
        name={overview.frames}
        value={recorder === null ? NONE : rate(recorder.framesPerSecond)}
        unit={overview.perSecond}
        class="with-spark"
      >
        {recorder !== null && overview.changed(rate(recorder.changedPerSecond))}
        <Spark values={framesHistory.value} points={60} width={120} height={26} />
      </Tile>
      <Tile
        name={overview.stored}
        value={recorder === null ? NONE : rate(recorder.storedPerSecond)}
        unit={overview.perSecond}
      >
        {recorder?.lastFlushMs != null &&
          `${overview.lastWrite} ${Math.round(recorder.lastFlushMs)} ms`}
      </Tile>
      <Tile
        name={overview.queue}
        value={recorder === null ? NONE : bytes(Number(recorder.queuedBytes))}
        class={dropped > 0 ? 'problem' : ''}
      >
        {dropped > 0
          ? overview.dropped(count(dropped))
          : recorder !== null && overview.queueBooks(count(recorder.queuedBooks))}
      </Tile>
      <Tile name={overview.size} value={bytes(size)}>
        {free !== null && overview.free(bytes(free))}
      </Tile>
      <Tile name={overview.growth} value={bytes(growth)}>
        {growth !== null && overview.perDay}
      </Tile>
      <Tile
        name={overview.full}
        value={days === null ? NONE : duration(days * 86_400_000)}
        class={days !== null && days < 7 ? 'problem' : ''}
      >
        {untilMost !== null
          ? overview.fullDetail(bytes(most))
          : days !== null
            ? overview.fullDisk
            : most === null && overview.noBound}
      </Tile>
    </dl>
  );
}

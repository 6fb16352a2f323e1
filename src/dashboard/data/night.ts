import { useEffect, useState } from 'preact/hooks';
import { RecordingStripsDocument, type RecordingStripsQuery } from '../gql/graphql.js';
import { ask, connectionCount } from './connection.js';

/** How an exchange was recorded over the last day. */
export type Strip = RecordingStripsQuery['recordingStrips'][number];
/** A slot of it. */
export type Slot = Strip['slots'][number];

/** Slots of a day's strip: a quarter of an hour each. */
const SLOTS = 96;
/** How often they are refetched, ms. */
const EVERY = 60_000;

/** State of a slot. */
export type SlotKind = 'before' | 'off' | 'covered' | 'gap';

/** State of a slot: not recorded (yet), covered, or with gaps. */
export function kindOf(
  { recordedFrom }: Strip,
  { time, recordedMs, gaps, percent }: Slot,
): SlotKind {
  if (Number(recordedMs) === 0) {
    const first = recordedFrom == null ? Infinity : Date.parse(recordedFrom);
    return Date.parse(time) < first ? 'before' : 'off';
  }
  return gaps > 0 || (percent ?? 100) < 100 ? 'gap' : 'covered';
}

/** Share of a strip's recorded time outside gaps, from 0 to 100; null when none was recorded. */
export function percentOf({ slots }: Strip): number | null {
  let recorded = 0;
  let covered = 0;
  for (const { recordedMs, coveredMs } of slots) {
    recorded += Number(recordedMs);
    covered += Number(coveredMs);
  }
  return recorded === 0 ? null : (covered / recorded) * 100;
}

/** The strips of the last day, refreshed every minute; null until they have arrived. */
export function useStrips(): readonly Strip[] | null {
  const [strips, setStrips] = useState<readonly Strip[] | null>(null);
  const connected = connectionCount.value;
  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    const load = (): void => {
      ask(RecordingStripsDocument, { slots: SLOTS }).then(
        ({ recordingStrips }) => {
          if (!left) setStrips(recordingStrips);
        },
        // The last ones stay; the banner says that the server is unreachable.
        () => undefined,
      );
    };
    load();
    const timer = setInterval(load, EVERY);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [connected]);
  return strips;
}

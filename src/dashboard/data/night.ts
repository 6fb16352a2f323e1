import { useEffect, useState } from 'preact/hooks';
import { RecordingStripsDocument, type RecordingStripsQuery } from '../gql/graphql.js';
import { ask, connectionCount } from './connection.js';

/** How an exchange was recorded over the last day. */
export type Strip = RecordingStripsQuery['recordingStrips'][number];
/** A part of it. */
export type Slot = Strip['slots'][number];

/** Parts of a day that a strip has: a quarter of an hour each. */
const SLOTS = 96;
/** How often they are asked for again, ms. */
const EVERY = 60_000;

/** What a part of a strip is. */
export type SlotKind = 'before' | 'off' | 'covered' | 'gap';

/** What a part of a strip is: not yet or not recorded, covered, or with gaps. */
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

/** Share of the recorded time of a strip outside gaps, from 0 to 100; null when none was recorded. */
export function percentOf({ slots }: Strip): number | null {
  let recorded = 0;
  let covered = 0;
  for (const { recordedMs, coveredMs } of slots) {
    recorded += Number(recordedMs);
    covered += Number(coveredMs);
  }
  return recorded === 0 ? null : (covered / recorded) * 100;
}

/** The strips of the last day, newly each minute; null until they have come. */
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
        // The last ones stay; the banner says that the server is out of reach.
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

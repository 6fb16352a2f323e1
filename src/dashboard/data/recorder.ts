import { signal } from '@preact/signals';
import { RecorderFiguresDocument, type RecorderFiguresSubscription } from '../gql/graphql.js';
import { follow } from './connection.js';
import { noteServerTime, withNextFrame } from './paint.js';

/** The recorder's figures. */
export type Figures = RecorderFiguresSubscription['recorder'];

/** Readings kept for spark lines: one minute. */
const KEPT = 60;

/** The newest figures; null before the first. */
export const figures = signal<Figures | null>(null);
/** Frames a second, the newest last. */
export const framesHistory = signal<readonly number[]>([]);

let newest: Figures;
let history: number[] = [];

const show = (): void => {
  figures.value = newest;
  framesHistory.value = history;
};

/** Begins to follow the figures, for as long as the page lives. */
export function followRecorder(): void {
  follow(RecorderFiguresDocument, { every: 1000 }, ({ recorder }) => {
    noteServerTime(Date.parse(recorder.timestamp));
    newest = recorder;
    // The rate is that of the last ten seconds, so that much is known before the page was opened.
    if (history.length === 0) history = Array.from({ length: 9 }, () => recorder.framesPerSecond);
    history = [...history.slice(-KEPT + 1), recorder.framesPerSecond];
    withNextFrame(show);
  });
}

import { signal } from '@preact/signals';
import {
  RecentFramesDocument,
  RecorderFiguresDocument,
  type RecorderFiguresSubscription,
} from '../gql/graphql.js';
import { ask, connectionCount, follow } from './connection.js';
import { noteServerTime, withNextFrame } from './paint.js';

/** The recorder's figures. */
export type Figures = RecorderFiguresSubscription['recorder'];

/** Points kept for sparklines: one minute. */
const KEPT = 60;

/** The newest figures; null before the first. */
export const figures = signal<Figures | null>(null);
/** Frames per second, newest last. */
export const framesHistory = signal<readonly number[]>([]);

let newest: Figures | null = null;
let history: number[] = [];

const show = (): void => {
  figures.value = newest;
  framesHistory.value = history;
};

/** Takes the last minute from the server: from before the page, or while it had no connection. */
async function loadPast(): Promise<void> {
  try {
    const { recorder } = await ask(RecentFramesDocument, {});
    history = recorder.recentFramesPerSecond.slice(-KEPT);
    withNextFrame(show);
  } catch {
    // The line then continues with live data.
  }
}

/** Starts following the figures, for as long as the page lives. */
export function followRecorder(): void {
  connectionCount.subscribe((count) => {
    if (count > 0) void loadPast();
  });
  follow(RecorderFiguresDocument, { every: 1000 }, ({ recorder }) => {
    noteServerTime(Date.parse(recorder.timestamp));
    newest = recorder;
    history = [...history.slice(-KEPT + 1), recorder.framesPerSecond];
    withNextFrame(show);
  });
}

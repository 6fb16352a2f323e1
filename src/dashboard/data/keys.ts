import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { keptChoice } from './kept.js';

/** Whether single-key shortcuts are on; users of dictation or switch input may turn them off. */
export const keysOn = keptChoice<'on' | 'off'>('keys', ['on', 'off'], 'on');
/** Whether the help about keys is open. */
export const helpOpen = signal(false);

const actions = new Map<string, () => void>();

/** Whether a key belongs to the focused element: a field, a choice, a dialog. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const { target } = event;
  return target instanceof Element && target.closest('input, select, textarea, dialog') !== null;
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || isTaken(event)) return;
  const action =
    event.key === '?'
      ? () => (helpOpen.value = true)
      : keysOn.peek() === 'on' && actions.get(event.key);
  if (!action) return;
  event.preventDefault();
  action();
});

/** Handles a key while a part is shown. */
export function useKey(key: string, action: () => void): void {
  const newest = useRef(action);
  newest.current = action;
  useEffect(() => {
    const run = (): void => newest.current();
    actions.set(key, run);
    return () => {
      if (actions.get(key) === run) actions.delete(key);
    };
  }, [key]);
}

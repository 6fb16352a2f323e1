import { effect, signal } from '@preact/signals';
import { keptChoice } from './kept.js';

/** Languages of the page. */
export type Lang = 'ko' | 'en';
/** Light, dark, or following the system. */
export type Theme = 'auto' | 'light' | 'dark';
/** Time zone for display: Korean time, UTC, or the browser's own. */
export type Zone = 'kst' | 'utc' | 'local';
/** Colours of the sides: Korean (매수 red, 매도 blue) or western (bids green, asks red). */
type SideColours = 'korean' | 'western';

const KOREAN =
  navigator.languages.find((tag) => /^(ko|en)\b/i.test(tag))?.startsWith('ko') ?? false;

/** The language; the browser's until switched. */
export const lang = keptChoice<Lang>('lang', ['ko', 'en'], KOREAN ? 'ko' : 'en');
/** The zone of all times; Korean time for Korean readers until switched. */
export const zone = keptChoice<Zone>(
  'zone',
  ['kst', 'utc', 'local'],
  lang.value === 'ko' ? 'kst' : 'local',
);
/** The theme. */
export const theme = keptChoice<Theme>('theme', ['auto', 'light', 'dark'], 'auto');
/** The colours of the sides. */
export const sideColours = keptChoice<SideColours>('sides', ['korean', 'western'], 'korean');

const systemDark = matchMedia('(prefers-color-scheme: dark)');
/** Whether the page is dark now. */
export const dark = signal(false);

const decide = (): void => {
  dark.value = theme.value === 'auto' ? systemDark.matches : theme.value === 'dark';
};
systemDark.addEventListener('change', decide);
effect(decide);
effect(() => {
  const { documentElement: root } = document;
  root.lang = lang.value;
  root.dataset['theme'] = dark.value ? 'dark' : 'light';
  root.dataset['sides'] = sideColours.value;
});

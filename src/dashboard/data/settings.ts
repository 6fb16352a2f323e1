import { effect, signal } from '@preact/signals';

/** Languages of the page. */
type Lang = 'ko' | 'en';
/** Light, dark, or as the system has it. */
export type Theme = 'auto' | 'light' | 'dark';
/** What times are written in: Korean time, UTC, or the browser's own zone. */
export type Zone = 'kst' | 'utc' | 'local';
/** Colours of the sides: Korean (매수 red, 매도 blue) or western (bids green, asks red). */
type SideColours = 'korean' | 'western';

/** A choice that the browser remembers, if it lets us. */
function remembered<T extends string>(key: string, choices: readonly T[], fallback: T) {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(key);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  const choice = signal<T>(choices.find((each) => each === kept) ?? fallback);
  choice.subscribe((value) => {
    try {
      if (value === fallback) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // As above.
    }
  });
  return choice;
}

const KOREAN =
  navigator.languages.find((tag) => /^(ko|en)\b/i.test(tag))?.startsWith('ko') ?? false;

/** The language; the browser's until it is switched. */
export const lang = remembered<Lang>('lang', ['ko', 'en'], KOREAN ? 'ko' : 'en');
/** The zone of all times; Korean time for those who read Korean until it is switched. */
export const zone = remembered<Zone>(
  'zone',
  ['kst', 'utc', 'local'],
  lang.value === 'ko' ? 'kst' : 'local',
);
/** The theme. */
export const theme = remembered<Theme>('theme', ['auto', 'light', 'dark'], 'auto');
/** The colours of the sides. */
export const sideColours = remembered<SideColours>('sides', ['korean', 'western'], 'korean');

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

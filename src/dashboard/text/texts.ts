import { computed } from '@preact/signals';
import { lang } from '../data/settings.js';
import { EN } from './en.js';
import { KO } from './ko.js';

/** All that the page says, in one language. */
export type Texts = typeof EN;

/** The texts in the language that is chosen. */
export const t = computed<Texts>(() => (lang.value === 'ko' ? KO : EN));

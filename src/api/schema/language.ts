import { inKorean } from '../../market/own-words.js';
import { builder } from './builder.js';

/** A language of texts. */
export const LanguageEnum = builder.enumType('Language', {
  description: 'A language that texts for people are there in.',
  values: {
    KO: { value: 'ko', description: 'Korean.' },
    EN: { value: 'en', description: 'English.' },
  } as const,
});

/** Argument of texts that are in our words or in those of an exchange or the system. */
export const ownWordsArgs = builder.args((t) => ({
  lang: t.field({
    type: LanguageEnum,
    description:
      'The language, English when left out. What an exchange or the system said stays in its own.',
  }),
}));

/** A text that may be in our words, in a language. */
export function inWordsOf(
  lang: 'ko' | 'en' | null | undefined,
  text: string | null,
): string | null {
  return text !== null && lang === 'ko' ? inKorean(text) : text;
}

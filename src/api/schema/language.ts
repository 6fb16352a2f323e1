import { inKorean } from '../../market/own-words.js';
import { builder } from './builder.js';

/** A language for texts. */
export const LanguageEnum = builder.enumType('Language', {
  description: 'A language in which texts are available.',
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
      'The language; English when omitted. Messages of an exchange or the system stay in their own language.',
  }),
}));

/** A text that may be in our words, in the given language. */
export function inWordsOf(
  lang: 'ko' | 'en' | null | undefined,
  text: string | null,
): string | null {
  return text !== null && lang === 'ko' ? inKorean(text) : text;
}

import { builder } from './builder.js';

/** A language of texts. */
export const LanguageEnum = builder.enumType('Language', {
  description: 'A language that texts for people are there in.',
  values: {
    KO: { value: 'ko', description: 'Korean.' },
    EN: { value: 'en', description: 'English.' },
  } as const,
});

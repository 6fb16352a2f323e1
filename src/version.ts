import { readFileSync } from 'node:fs';

/** Version of the program, out of package.json (which lies beside both `src` and `dist`). */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;

/** What `@jest/globals` is for a test file and its helpers: loaded for each file, by runner.mjs. */
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test } =
  globalThis[Symbol.for('jest globals')] ?? {};

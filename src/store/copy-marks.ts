/** Key in `state` of a database that a history is being copied into (src/store/copy). */
export const COPYING_KEY = 'copying';
/** The same of one that was copied wholly, and into which nothing was recorded since. */
export const COPIED_KEY = 'copied';

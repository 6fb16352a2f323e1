/** Key in `state` of a database that a history is being copied into (src/store/copy). */
export const COPYING_KEY = 'copying';
/** The same for one that was copied completely, with nothing recorded into it since. */
export const COPIED_KEY = 'copied';

/**
 * The sizes of a benchmark: the usual ones, or with `--tiny` some that take a moment and say
 * nothing about speed. A test runs every benchmark that way: one that is never run breaks
 * unnoticed.
 */
const tiny = process.argv.includes('--tiny');

/** `size`, or `small` with `--tiny`. */
export const sized = (size, small) => (tiny ? small : size);

/** The option, for those that read their arguments. */
export const TINY_OPTION = { tiny: { type: 'boolean', default: false } };

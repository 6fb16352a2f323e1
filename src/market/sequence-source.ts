/** Assigns sequences: each greater than all before, in this and every earlier run. */
export interface SequenceSource {
  next(): number;
}

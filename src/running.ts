/** A process of the program that has started: one alone, or one of several nodes. */
export interface Running {
  /** Address of the API, for people to open; null when this process has none. */
  readonly url: string | null;
  /** Closes everything in order. @param signal what asks for it, for the log */
  close(signal: string): Promise<void>;
}

/** A running process of the program: a single one, or one of several nodes. */
export interface Running {
  /** Address of the API, for the user to open; null when this process has none. */
  readonly url: string | null;
  /** Shuts down in order. @param signal what requested it, for the log */
  close(signal: string): Promise<void>;
}

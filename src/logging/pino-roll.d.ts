declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  /** The pino-roll options we use; see its README. */
  interface RollOptions {
    file: string;
    frequency?: 'daily' | 'hourly' | number;
    dateFormat?: string;
    size?: string | number;
    extension?: string;
    mkdir?: boolean;
    /** Passed on to SonicBoom: mode of new files. */
    mode?: number;
  }

  /** The SonicBoom stream that it creates. */
  export interface RollingFile extends EventEmitter {
    write(text: string): boolean;
    end(): void;
  }

  export default function build(options: RollOptions): Promise<RollingFile>;
}

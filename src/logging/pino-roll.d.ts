declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  /** The part of pino-roll's options that we use; see its README. */
  interface RollOptions {
    file: string;
    frequency?: 'daily' | 'hourly' | number;
    dateFormat?: string;
    size?: string | number;
    extension?: string;
    mkdir?: boolean;
    /** Handed on to SonicBoom: mode of the files it makes. */
    mode?: number;
  }

  /** The SonicBoom stream that it builds. */
  export interface RollingFile extends EventEmitter {
    write(text: string): boolean;
    end(): void;
  }

  export default function build(options: RollOptions): Promise<RollingFile>;
}

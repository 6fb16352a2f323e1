import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A mistake in a command line, said in one line. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** What a command takes. */
interface CommandLine<O extends Options> {
  /** What `--help` prints. */
  readonly usage: string;
  readonly options: O;
  /** Whether it takes words without a flag. Default false. */
  readonly words?: boolean;
}

/** The values of the flags, and the words without one. */
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; args: string[] }>
>;

/**
 * Reads the command line of this process. `--help` prints the usage and ends with exit code 0.
 * @throws {UsageError} for a flag that there is not, one without its value, or a needless word
 */
export function readCommandLine<O extends Options>({
  usage,
  options,
  words = false,
}: CommandLine<O>): Parsed<O> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const parsed: unknown = parseArgs({ args, options, allowPositionals: words });
    return parsed as Parsed<O>;
  } catch (error) {
    // What Node says in further sentences is about its own syntax.
    const what = /^[^.\n]*/.exec((error as Error).message)![0];
    throw new UsageError(`${what}; --help lists what there is`);
  }
}

/** Ends the process for a mistake in its command line: one line, exit code 2; throws what is none. */
export function exitOnUsageError(command: string, error: unknown): never {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(2);
}

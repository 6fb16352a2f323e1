import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { Networks } from '../../src/cluster/networks.js';

/** Where Chromium is looked for. */
export const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Real recordings, made by others: beside the repository, never in it. */
export const SAMPLES = new URL('../../../shared/exchanges/samples/', import.meta.url);

/** Where Debian keeps PostgreSQL's programs, one folder a version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** The folder of PostgreSQL's programs, or null where it is not installed. */
export function postgresPrograms(): string | null {
  if (!existsSync(DEBIAN_POSTGRES)) return null;
  const folders = readdirSync(DEBIAN_POSTGRES).map((version) =>
    join(DEBIAN_POSTGRES, version, 'bin'),
  );
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

const runs = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

/** Whether namespaces with links between them can be made: not in every container. */
function canMakeNetworks(): boolean {
  try {
    Networks.make([{ name: 'needs', networks: ['bus'] }]).close();
    return true;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return false;
  }
}

interface Need {
  /** Whether this machine has it. */
  readonly there: () => boolean;
  /** What to say where it is not: what is missing, and what helps. */
  readonly lack: string;
  /** CI has none either. */
  readonly optional?: boolean;
}

const NEEDS = {
  browser: {
    there: () => existsSync(CHROMIUM),
    lack: `no Chromium at ${CHROMIUM}; install the Debian package "chromium" or set CHROMIUM_PATH`,
  },
  postgres: {
    there: () => postgresPrograms() !== null,
    lack: `no PostgreSQL in ${DEBIAN_POSTGRES}; install the Debian package "postgresql"`,
  },
  nats: {
    there: () => runs('nats-server'),
    lack: 'no nats-server; install the Debian package "nats-server"',
  },
  promtool: {
    there: () => runs('promtool'),
    lack: 'no promtool; install the Debian package "prometheus"',
  },
  namespaces: {
    there: canMakeNetworks,
    lack: 'no right to make network namespaces; on Linux, be root and install the Debian package "iproute2"',
    optional: true,
  },
  terminal: {
    there: () => existsSync('/proc') && runs('script'),
    lack: 'no terminal; on Linux, install the Debian package "bsdutils"',
  },
  systemd: {
    there: () => runs('systemd-analyze'),
    lack: 'no systemd-analyze; install the Debian package "systemd"',
    optional: true,
  },
  samples: {
    there: () => existsSync(SAMPLES),
    lack: 'no recordings in ../shared/exchanges/samples, which are not part of the repository',
    optional: true,
  },
} satisfies Record<string, Need>;

/** What tests may need that not every machine has. */
export type Thing = keyof typeof NEEDS;

/** Whether this machine has it. */
export function has(thing: Thing): boolean {
  return NEEDS[thing].there();
}

/**
 * `describe` and `it` for tests that need something: skipped where it is not, with a line that says
 * what is missing.
 * @throws in CI, where no test is skipped for what can be installed
 */
export function needs(thing: Thing): {
  describe: (name: string, body: () => void) => void;
  it: (name: string, test: () => void | Promise<void>, timeout?: number) => void;
} {
  if (has(thing)) return { describe, it };
  const { lack, optional = false }: Need = NEEDS[thing];
  if (process.env['CI'] === 'true' && !optional)
    throw new Error(`CI=true, where no test may be skipped, but there is ${lack}`);
  process.stderr.write(`Tests are skipped: there is ${lack}\n`);
  return { describe: describe.skip, it: it.skip };
}

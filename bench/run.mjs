/**
 * `npm run bench`: every benchmark in turn; `npm run bench -- store export`: only these. Ratios are
 * against a limit measured in the same run. `--tiny`: sizes that only show that it runs.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

const NAMES = [
  'frame',
  'store',
  'postgresql',
  'export',
  'shapes',
  'archive',
  'trades',
  'history',
  'fan-out',
  'market',
  'distributed',
  'page',
];

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(
    `usage: npm run bench -- [NAME… [--tiny] [flags]]
Runs these benchmarks, or all:
  ${NAMES.join(' ')}
  --tiny  sizes that only show that it runs`,
  );
  process.exit(0);
}
const flagsAt = args.findIndex((arg) => arg.startsWith('--'));
const wanted = flagsAt === -1 ? args : args.slice(0, flagsAt);
/** Of one benchmark, for example `market --minutes 10`. */
const flags = flagsAt === -1 ? [] : args.slice(flagsAt);
if (wanted.length === 0 && flags.some((flag) => flag !== '--tiny')) {
  console.error(
    `bench: ${flags[0]} belongs to one benchmark: name it before, of ${NAMES.join(', ')}`,
  );
  process.exit(2);
}
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`bench: no benchmark ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  process.exit(2);
}
console.log(
  `${new Date().toISOString()} Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model}`,
);
for (const name of wanted.length === 0 ? NAMES : wanted) {
  const { status } = spawnSync(
    process.execPath,
    [new URL(`${name}.mjs`, import.meta.url).pathname, ...flags],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}

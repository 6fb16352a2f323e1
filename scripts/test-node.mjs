/**
 * Runs the tests on another version of Node: `npm run test:node 24`, or with names of test files and
 * options of Jest, `npm run test:node -- 22 test/store --silent`. That Node comes from the package
 * registry, into a separate folder outside this one. Nothing in node_modules is built for that
 * version: only Node 20 has a native package, which no other Node loads.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [version, ...jest] = process.argv.slice(2);
if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version)) {
  process.stderr.write('usage: npm run test:node -- VERSION [options of Jest], e.g. 24\n');
  process.exit(2);
}

function run(command, args, more = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...more });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

const name = `node-${process.platform}-${process.arch}`;
const folder = join(tmpdir(), `orderbook-test-node-${version}`);
const home = join(folder, 'node_modules', name);
const node = join(home, 'bin', 'node');
if (!existsSync(node)) {
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit'];
  run('npm', [...args, '--no-fund', '--loglevel=error', `${name}@${version}`], { cwd: folder });
}

const env = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  npm_config_nodedir: home,
};
run(node, ['-p', '`Node ${process.version}, SQLite ${process.versions.sqlite ?? "by package"}`']);
run(node, [join('scripts', 'prepare.mjs'), '--generate'], { env });
const command = [
  '--disable-warning=ExperimentalWarning',
  join('node_modules', 'jest', 'bin', 'jest.js'),
];
run(node, [...command, ...jest], { env });

/**
 * Makes a clone ready to run: installs, generates and builds what is missing or out of date, and
 * nothing else. Runs before every npm script that needs it; takes well under a second when
 * everything is up to date. Uses only Node, because it runs before anything is installed. Writes to
 * stderr only, so that `npm run export` keeps standard output to itself.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** `prisma generate` looks for its schema engine but never runs it; any executable will do. */
const env = {
  ...process.env,
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
};

const [major, minor] = process.versions.node.split('.').map(Number);
const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
/**
 * Node 20, and 22 before 22.16, have no complete SQLite of their own. On others the driver must not even
 * be loaded: src/store/engine/sqlite/sqlite.ts.
 */
const needsDriver = major === 20 || (major === 22 && minor < 16);
const DRIVER = 'node_modules/better-sqlite3';

function say(text) {
  process.stderr.write(`[prepare] ${text}\n`);
}

function run(what, command, args) {
  const started = Date.now();
  say(`${what} …`);
  const result = spawnSync(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\n`);
    say(`${what} failed${result.error ? `: ${result.error.message}` : ''}`);
    process.exit(1);
  }
  say(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function npm(what, args) {
  const script = process.env.npm_execpath;
  if (script && /\.[cm]?js$/.test(script)) run(what, process.execPath, [script, ...args]);
  else run(what, process.platform === 'win32' ? 'npm.cmd' : 'npm', args);
}

function filesUnder(path, suffix, skip = []) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => {
      const full = join(path, entry.name);
      if (skip.includes(full)) return [];
      if (entry.isDirectory()) return filesUnder(full, suffix, skip);
      return suffix.some((s) => entry.name.endsWith(s)) ? [full] : [];
    })
    .sort();
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Runs `make` unless `stamp` says it already ran on the same `files`. */
function whenChanged(stamp, files, make) {
  const hash = hashOf(files);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/** Whether node_modules has what the lockfile asks for. */
function installed() {
  try {
    const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
    const found = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, { version, optional, devOptional, peer }]) =>
        path === '' ||
        ((optional || devOptional || peer) && !(needsDriver && path === DRIVER)) ||
        found[path]?.version === version,
    );
  } catch {
    return false;
  }
}

/** Whether the native SQLite driver loads in this Node (it is compiled for one Node version). */
function driverLoads() {
  try {
    const require = createRequire(join(root, 'package.json'));
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

if (!supported) {
  say(
    `Node ${process.versions.node} is not supported; use 22 from 22.12, 24 or newer, or 20 from 20.19`,
  );
  process.exit(1);
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
if (!installed()) {
  // No package needs its install script except the SQLite driver, which is compiled below.
  npm('installing dependencies', [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
}
if (needsDriver && !driverLoads()) {
  npm(
    'making the SQLite driver for this Node (minutes where it must be compiled; 22.16 and newer need none)',
    ['rebuild', 'better-sqlite3', '--ignore-scripts=false', '--loglevel=error'],
  );
  if (!driverLoads()) {
    say(
      'the SQLite driver does not load; use Node 22.16 or newer, which needs none, or install a C++ compiler, make and Python 3',
    );
    process.exit(1);
  }
}

const bin = (name, file) => join('node_modules', name, file);
// One for each engine, since a schema fixes the engine.
for (const engine of ['sqlite', 'postgresql']) {
  const folder = join('prisma', engine);
  const config = join(folder, 'prisma.config.ts');
  whenChanged(
    join('src', 'generated', `.${engine}-stamp`),
    [join(folder, 'schema.prisma'), config, 'package-lock.json'],
    () =>
      run(`generating the Prisma client of ${engine}`, process.execPath, [
        bin('prisma', lock.packages['node_modules/prisma'].bin.prisma),
        'generate',
        '--config',
        config,
      ]),
  );
}

/** Unknown to the server's build: the dashboard has its own build. */
const dashboard = join('src', 'dashboard');
const dashboardGql = join(dashboard, 'gql');
const dashboardOutput = [join('dist', 'dashboard'), join('dist', '.dashboard-stamp')];

whenChanged(
  'dist/.stamp',
  [
    ...filesUnder('src', ['.ts'], [dashboard]),
    join('scripts', 'bundle.mjs'),
    'tsconfig.json',
    'package.json',
    'package-lock.json',
  ],
  () => {
    for (const entry of existsSync('dist') ? readdirSync('dist') : []) {
      const path = join('dist', entry);
      if (!dashboardOutput.includes(path)) rmSync(path, { recursive: true, force: true });
    }
    // Types are checked by `npm run typecheck`; the program runs without that.
    const tsc = bin('typescript', 'bin/tsc');
    run('building', process.execPath, [tsc, '-p', 'tsconfig.json', '--noCheck']);
    run('bundling', process.execPath, [join('scripts', 'bundle.mjs')]);
  },
);

/** Generates the types of all operations, for the tests and the dashboard; once is enough. */
let typed = false;
function typeOperations() {
  if (typed) return;
  typed = true;
  run('generating typed operations', process.execPath, [
    bin(
      '@graphql-codegen/cli',
      lock.packages['node_modules/@graphql-codegen/cli'].bin['graphql-codegen'],
    ),
  ]);
}

const operations = ['schema.graphql', 'codegen.ts', 'package-lock.json'];
const dashboardOperations = join(dashboard, 'operations.graphql');
whenChanged(join(dashboardGql, '.stamp'), [...operations, dashboardOperations], typeOperations);
const forTests =
  process.env.npm_lifecycle_event === 'pretest' || process.argv.includes('--generate');
if (forTests) {
  const documents = filesUnder('test', ['.ts'], [join('test', 'gql')]).filter((file) =>
    readFileSync(file, 'utf8').includes('graphql('),
  );
  whenChanged('test/gql/.stamp', [...operations, ...documents], typeOperations);
}

if (!existsSync(dashboardOutput[0])) rmSync(dashboardOutput[1], { force: true });
whenChanged(
  dashboardOutput[1],
  [
    ...filesUnder(dashboard, ['.ts', '.tsx', '.css', '.html', '.svg', '.json'], []),
    // The domain modules that the page shares with the server.
    ...filesUnder(join('src', 'market'), ['.ts']),
    'tsconfig.json',
    'package-lock.json',
  ],
  () =>
    run('building the dashboard', process.execPath, [
      bin('vite', lock.packages['node_modules/vite'].bin.vite),
      'build',
      dashboard,
      '--logLevel',
      'warn',
    ]),
);

/**
 * The floors of the house (ARCHITECTURE.md), from the ground up: a room imports only from itself and
 * from rooms below. `npm run lint` checks it.
 */
const FLOORS = [
  ['util', '^src/util/'],
  ['market', '^src/market/'],
  ['settings', '^src/settings/'],
  ['logging', '^src/logging/'],
  ['bus', '^src/bus\\.ts$'],
  ['nats', '^src/nats/'],
  ['parquet', '^src/parquet/'],
  ['store', '^src/(store|generated)/'],
  ['archive', '^src/archive/'],
  ['collector', '^src/collector/'],
  ['live', '^src/live/'],
  ['api', '^src/api/'],
  ['alerts', '^src/alerts/'],
  ['app', '^src/((app|run|running|hangup|main|demo|compose|keep-archive|store-log)\\.ts$|nodes/)'],
];
const SIDE_ROOMS = [
  '^src/simulator/',
  '^src/cluster/',
  '^src/soak/',
  '^src/doctor/',
  '^src/dashboard/',
];

const upward = FLOORS.map(([name, path], i) => ({
  name: `${name}-knows-only-lower-floors`,
  severity: 'error',
  from: { path },
  to: { path: [...FLOORS.slice(i + 1).map(([, higher]) => higher), ...SIDE_ROOMS] },
})).filter(({ name }) => !name.startsWith('app-'));

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...upward,
    {
      name: 'collectors-know-no-store',
      comment: 'What they keep across restarts is market/collector-memory.ts.',
      severity: 'error',
      from: { path: '^src/collector/' },
      to: { path: '^src/(store|archive|generated)/' },
    },
    {
      name: 'only-the-store-knows-prisma',
      severity: 'error',
      from: { pathNot: '^src/(store|generated)/' },
      to: { path: '(^src/generated/|@prisma)' },
    },
    {
      name: 'only-the-bus-and-the-nodes-know-nats',
      comment: 'A process alone must not load it.',
      severity: 'error',
      from: { pathNot: '^src/(nats|nodes)/' },
      to: { path: '(^src/nats/|@nats-io)' },
    },
    {
      name: 'live-knows-no-graphql',
      severity: 'error',
      from: { path: '^src/live/' },
      to: { path: '(^|/)node_modules/(graphql|graphql-|@pothos|ws/)' },
    },
    {
      name: 'the-dashboard-knows-the-vocabulary',
      comment: 'And its own generated operations.',
      severity: 'error',
      from: { path: '^src/dashboard/' },
      to: { path: '^src/', pathNot: '^src/(dashboard|market)/' },
    },
    {
      name: 'simulators-know-no-collectors',
      comment: 'They are written from the dossiers, or they would share the mistakes.',
      severity: 'error',
      from: { path: '^src/simulator/' },
      to: { path: '^src/(collector|store|live|api|alerts|app|run)' },
    },
    {
      name: 'the-doctor-asks-as-collectors-do',
      comment: 'By their readers, requests and paths; it records nothing and serves nobody.',
      severity: 'error',
      from: { path: '^src/doctor/' },
      to: { path: '^src/(bus|parquet|store|archive|live|api|app|run|simulator|soak|dashboard)' },
    },
    {
      name: 'the-soak-judges-from-outside',
      severity: 'error',
      from: { path: '^src/soak/' },
      to: { path: '^src/(collector|store|live|api|alerts|app|run)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/(generated|dashboard/gql)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};

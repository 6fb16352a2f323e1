/** `npm run bench`: every benchmark in turn. Ratios are against a limit measured in the same run. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

console.log(
  `${new Date().toISOString()} Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model}`,
);
for (const name of ['frame', 'store', 'fan-out']) {
  const { status } = spawnSync(
    process.execPath,
    [new URL(`${name}.mjs`, import.meta.url).pathname],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}

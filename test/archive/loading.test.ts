import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

it.each(['app.js', 'store/reader.js', 'store/export/command.js', 'archive/command.js'])(
  '%s loads no DuckDB before an archive is read: a process that ends meanwhile would be aborted',
  (module) => {
    const url = new URL(`../../dist/${module}`, import.meta.url).href;
    const script = `await import(${JSON.stringify(url)});
      console.log(process.report.getReport().sharedObjects.filter((name) => /duckdb/.test(name)).length);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['0\n', '']);
  },
);

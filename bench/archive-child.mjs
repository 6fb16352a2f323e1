/**
 * Archives in a separate process, as the recorder does; prints CPU, memory and what was written, one
 * JSON object per day. `node archive-child.mjs TASK`
 */
import { constants, setPriority } from 'node:os';
import { archiveClosedDays } from '../dist/archive/archive.js';

setPriority(constants.priority.PRIORITY_LOW);
let before = process.cpuUsage();
await archiveClosedDays(JSON.parse(process.argv[2]), ({ manifest, seconds }) => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const books = manifest.files.filter(({ table }) => table === 'books');
  const sum = (key) => books.reduce((all, file) => all + file[key], 0);
  const line = {
    date: manifest.date,
    books: sum('rows'),
    bytes: sum('bytes'),
    cpuSeconds: (user + system) / 1e6,
    seconds,
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    files: books.map(({ path }) => path),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
});
process.exit(0);

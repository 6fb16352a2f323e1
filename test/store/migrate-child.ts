import { openConnection } from '../../src/store/engine/sqlite/connection.js';
import { migrate, readMigrations } from '../../src/store/engine/sqlite/migrations.js';

// Started several times at once by migrations.test.ts: says what this process applied.
const connection = await openConnection(process.argv[2]!);
await connection.executeScript('PRAGMA journal_mode = WAL');
process.send!(await migrate(connection, await readMigrations()));
await connection.dispose();
process.disconnect();

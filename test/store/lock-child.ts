import { openConnection } from '../../src/store/engine/sqlite/connection.js';

// Holds a database as a program does that lets nobody else read it, until locked.test.ts kills it.
const connection = await openConnection(process.argv[2]!);
await connection.executeScript('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
process.send!('locked');
// What nothing refers to is closed when memory is collected.
setInterval(() => connection.provider, 60_000);

import { openEngine } from '../../src/store/engine/open.js';
import { keepForRun } from './keep-for-run.js';
import { PostgresServer } from './postgres-server.js';

// One server of PostgreSQL for all tests of a run: the address of a database, made and empty.
await keepForRun(async () => {
  const server = await PostgresServer.start();
  try {
    const address = await server.database('template_recorder');
    await (await openEngine(address)).make();
    return { address, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
});

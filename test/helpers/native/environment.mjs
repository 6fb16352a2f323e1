import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

const { console, process } = globalThis;
const { exit, getBuiltinModule } = process;

/**
 * Jest's environment of a test file without a realm of its own: the file runs in the worker's, as the
 * program does. What a file changes of it is put back when it ends.
 */
export default class NativeEnvironment {
  global = globalThis;
  fakeTimers = null;
  #variables = { ...process.env };

  constructor({ projectConfig }) {
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  setup() {
    // Jest has just led it to modules of its own loading.
    process.getBuiltinModule = getBuiltinModule;
  }

  teardown() {
    this.fakeTimersModern.dispose();
    globalThis.console = console;
    process.exit = exit;
    for (const name of Object.keys(process.env))
      if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
}

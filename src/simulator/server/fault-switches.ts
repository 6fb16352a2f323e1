import type { Faults, RestFault } from '../simulator.js';
import type { SimulatedSocket, SocketFaults } from './socket.js';
import { WireChanges } from './wire-changes.js';

/** The switches of {@link FaultSwitches}. */
type Switches = Omit<Faults, 'setTiming' | 'tradeFault' | 'dropTrades' | 'forgetTrades'>;

/** What is wrong with a simulator at the moment. */
export class FaultSwitches implements SocketFaults {
  frozen = false;
  halfOpen = false;
  garbled = false;
  readonly changes = new WireChanges();
  /** Status that refuses upgrades; null: none does. */
  refuseStatus: number | null = null;
  rest: RestFault = null;

  /** The calls that set it, for the sockets that are open when they are called. */
  calls(sockets: Iterable<SimulatedSocket<unknown>>): Switches {
    const { changes } = this;
    return {
      dropConnections: () => {
        for (const socket of sockets) socket.destroy();
      },
      closeConnections: (code, reason) => {
        for (const socket of sockets) socket.close(code, reason);
      },
      refuseUpgrades: (status) => (this.refuseStatus = status),
      rest: (mode) => (this.rest = mode),
      freeze: (on) => (this.frozen = on),
      halfOpen: (on) => {
        this.halfOpen = on;
        for (const socket of sockets) socket.deafen(on);
      },
      garble: (on) => (this.garbled = on),
      sendRaw: (data, opts) => {
        // Sent even when frozen, since it was requested.
        for (const socket of sockets) socket.send(data, { ...opts, keepalive: true });
      },
      tearFrame: () => {
        for (const socket of sockets) socket.tear();
      },
      changeFrames: (pattern, replacement) => changes.changeFrames(pattern, replacement),
      changeReplies: (path, change) => changes.changeReplies(path, change),
      onMessage: (pattern, rule) => changes.onMessage(pattern, rule),
      swapOpcodes: (on) => (changes.swapOpcodes = on),
      ignorePings: (on) => (changes.ignorePings = on),
      pingOnOpen: (on) => (changes.pingOnOpen = on),
      greet: (text) => (changes.greeting = text),
      asUsual: () => changes.clear(),
    };
  }
}

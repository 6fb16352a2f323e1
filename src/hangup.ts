import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Whether the process was started with `nohup`: if so, SIGHUP, which a closing terminal sends, must
 * not end it. `nohup` ignores the signal before it starts Node, but Node resets every ignored
 * signal at startup (node::PlatformInit), and npm does so for its children, so it can only be
 * recognised by its other traces: the shell's name of the command (`_`), standard input as
 * `/dev/null` opened for writing, and `nohup.out` as standard output.
 */
export function startedWithNohup(env: Readonly<Record<string, string | undefined>>): boolean {
  return basename(env['_'] ?? '') === 'nohup' || outputIsNohupOut() || inputCannotBeRead();
}

function outputIsNohupOut(): boolean {
  return basename(target(1)) === 'nohup.out' || basename(target(2)) === 'nohup.out';
}

function inputCannotBeRead(): boolean {
  if (target(0) !== '/dev/null') return false;
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'));
    return flags !== null && (Number.parseInt(flags[1]!, 8) & 0o3) === 0o1;
  } catch {
    return false;
  }
}

/** Target of a file descriptor of this process; '' where unknown (not Linux). */
function target(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

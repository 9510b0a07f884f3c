import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Finding } from './findings.ts';

/** The two doors to processes of apps, which are not worth a platform that does not start: only they are closed. */
export interface RunDoors {
  readonly rendezvousPort: number;
  readonly execPort: number;
  /** In the certificate of the rendezvous. */
  readonly host: string;
  /** The platform's authority, in PEM. */
  readonly ca: string;
}

const LIMIT_MS = 3_000;

/** Whether each of the doors is open, and is ours: another program may have its port. */
export function runDoorFindings(doors: RunDoors, signal: AbortSignal): Promise<Finding[]> {
  const { rendezvousPort, execPort, host, ca } = doors;
  return Promise.all([
    doorFinding('door of run', rendezvousPort, 'GANTRY_RENDEZVOUS_PORT', signal, async (inner) => {
      const socket = connectSecure({ host: '127.0.0.1', port: rendezvousPort, servername: host, ca });
      await opened(socket, 'secureConnect', inner);
    }),
    doorFinding('door of ps:exec', execPort, 'GANTRY_EXEC_PORT', signal, async (inner) => {
      const [greeting] = (await opened(connectPlain(execPort, '127.0.0.1'), 'data', inner)) as [Buffer];
      if (!greeting.toString('latin1').startsWith('SSH-2.0-'))
        throw new Error('what answers is no SSH server');
    }),
  ]);
}

async function doorFinding(
  part: string,
  port: number,
  setting: string,
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<void>,
): Promise<Finding> {
  try {
    await withDeadline(LIMIT_MS, signal, look);
    return { part, level: 'ok', state: 'open', meaning: `port ${port} answers`, todo: '' };
  } catch (err) {
    const todo = `see that no other program has the port, or set ${setting} to a free one; then script/server`;
    return { part, level: 'weak', state: 'closed', meaning: `port ${port}: ${messageOf(err)}`, todo };
  }
}

/** What came with the event; the connection is closed again. */
async function opened(socket: Socket, event: string, signal: AbortSignal): Promise<unknown[]> {
  try {
    return (await once(socket, event, { signal })) as unknown[];
  } finally {
    socket.destroy();
  }
}

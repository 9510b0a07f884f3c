import { connect } from 'node:net';
import type { AcceptConnection, RejectConnection, ServerChannel, TcpipRequestInfo } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import type { ExecGrant, ExecGrants } from '../services/exec-grants.ts';
import type { Runs } from '../services/runs.ts';

const CONNECT_MS = 10_000;
const OPEN_MS = 10_000;
/** `heroku ps:forward` asks for 0.0.0.0. */
const OWN_NAMES = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::']);

/** Connects to a port of the instance that the grant is for, whatever name the client has for it, and to nothing else. */
export function forwardTo(
  to: Pick<TcpipRequestInfo, 'destIP' | 'destPort'>,
  answer: { readonly accept: AcceptConnection<ServerChannel>; readonly reject: RejectConnection },
  grant: ExecGrant,
  {
    runs,
    grants,
    log,
  }: {
    readonly runs: Pick<Runs, 'instance'>;
    readonly grants: Pick<ExecGrants, 'renew'>;
    readonly log: Logger;
  },
): void {
  const open = async (): Promise<void> => {
    const signal = AbortSignal.timeout(OPEN_MS);
    const actor = await grants.renew(grant, signal);
    const { address } = await runs.instance(actor, grant.app, grant.instance, signal);
    if (address === null || (to.destIP !== address && !OWN_NAMES.has(to.destIP))) {
      answer.reject();
      return;
    }
    const socket = connect({ host: address, port: to.destPort, timeout: CONNECT_MS });
    socket.once('error', () => answer.reject());
    socket.once('timeout', () => socket.destroy(new Error('it does not answer')));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      const channel = answer.accept();
      const both = (): void => {
        socket.destroy();
        channel.close();
      };
      socket.on('error', both);
      channel.on('error', both);
      channel.once('close', () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
  };
  open().catch((err: unknown) => {
    log.debug({ err, app: grant.app }, 'a port of an instance was not opened');
    answer.reject();
  });
}

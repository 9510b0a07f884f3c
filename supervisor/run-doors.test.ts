import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { issue } from '../test/support/certificates.ts';
import { runDoorFindings } from './run-doors.ts';

const never = new AbortController().signal;
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function portOf(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function authority() {
  const ca = await issue({ kind: 'ca', subject: '/CN=authority' });
  const { certificate: cert, key } = await issue({ names: ['api.localhost'], by: ca });
  return { ca: ca.certificate, cert, key };
}

const saying = (greeting: string): Server => createServer((socket) => socket.end(greeting));

it('finds both doors open when they answer as ours do', async () => {
  const { ca, cert, key } = await authority();
  const rendezvousPort = await portOf(createSecureServer({ cert, key }, (socket) => socket.end()));
  const execPort = await portOf(saying('SSH-2.0-gantry\r\n'));
  expect(await runDoorFindings({ rendezvousPort, execPort, host: 'api.localhost', ca }, never)).toMatchObject(
    [
      { part: 'door of run', level: 'ok', state: 'open' },
      { part: 'door of ps:exec', level: 'ok', state: 'open' },
    ],
  );
});

it('says which setting helps when another program has the port, or nobody', async () => {
  const [{ ca }, other] = [await authority(), await authority()];
  const rendezvousPort = await portOf(
    createSecureServer({ cert: other.cert, key: other.key }, (socket) => socket.end()),
  );
  const execPort = await portOf(saying('220 mail\r\n'));
  const found = await runDoorFindings({ rendezvousPort, execPort, host: 'api.localhost', ca }, never);
  expect(found.map(({ level, todo }) => [level, /GANTRY_\w+/.exec(todo)?.[0]])).toEqual([
    ['weak', 'GANTRY_RENDEZVOUS_PORT'],
    ['weak', 'GANTRY_EXEC_PORT'],
  ]);
  open.splice(0).forEach((server) => server.close());
  const closed = await runDoorFindings({ rendezvousPort, execPort, host: 'api.localhost', ca }, never);
  expect(closed.map(({ state }) => state)).toEqual(['closed', 'closed']);
});

import { createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forEachMap, type MapName, type Runtime } from '../../router/runtime.ts';

interface Slot {
  address: string;
  port: number;
  open: boolean;
}

/** The runtime socket of a HAProxy 2.6 that serves nobody: maps and servers, and every command it was given. */
export interface FakeHaproxy extends AsyncDisposable {
  readonly socket: string;
  /** In the order of their coming, without the questions. */
  readonly told: string[];
  readonly asked: string[];
  readonly maps: Record<MapName, Map<string, string>>;
  readonly servers: Map<string, Slot>;
  /** How many connections it has had. */
  connections(): number;
  /** From now on what it says to a command is this, and nothing is done; undefined: as usual. To throw is to hang up. */
  answers: (command: string) => string | undefined;
}

/** One that holds what a process holds that was started from the files of this runtime. */
export async function startFakeHaproxy(holds?: Runtime): Promise<FakeHaproxy> {
  const home = await mkdtemp(join(tmpdir(), 'gantry-fake-haproxy-'));
  const socket = join(home, 's');
  const open = new Set<Socket>();
  let connections = 0;
  const mapOf = (name: MapName): Map<string, string> => new Map(holds?.maps[name]);
  const fake: Omit<FakeHaproxy, keyof AsyncDisposable> = {
    socket,
    told: [],
    asked: [],
    maps: forEachMap(mapOf),
    servers: new Map([...(holds?.servers ?? [])].map(([slot, server]) => [slot, { ...server }])),
    connections: () => connections,
    answers: () => undefined,
  };
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections += 1;
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    connection.on('error', () => undefined); // whoever asks hears of it
    serve(connection, (command) => {
      try {
        return fake.answers(command) ?? obey(fake, command);
      } catch {
        connection.destroy(); // as if it died
        return '';
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return Object.assign(fake, { [Symbol.asyncDispose]: () => end(server, open, home) });
}

async function end(server: Server, open: ReadonlySet<Socket>, home: string): Promise<void> {
  for (const connection of open) connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(home, { recursive: true, force: true });
}

/** Without `prompt` one line is one exchange; with it the connection stays, and every answer ends with a prompt. */
function serve(connection: Socket, obeyed: (command: string) => string): void {
  let unread = '';
  let prompting = false;
  connection.on('data', (chunk: Buffer) => {
    unread += chunk.toString();
    for (let at = unread.indexOf('\n'); at >= 0; at = unread.indexOf('\n')) {
      const [line, rest] = [unread.slice(0, at), unread.slice(at + 1)];
      if (line.endsWith(' <<') && !rest.includes('\n\n')) return;
      const payload = line.endsWith(' <<') ? rest.slice(0, rest.indexOf('\n\n') + 2) : '';
      unread = rest.slice(payload.length);
      if (line === 'prompt') prompting = true;
      if (line === 'quit') connection.end();
      else if (line === 'prompt') connection.write('\n> ');
      else if (prompting) connection.write(`${obeyed(line)}\n\n> `);
      else if (payload !== '') connection.end(answer(obeyed(line + payload)));
      else connection.end(line.split(';').map(obeyed).map(answer).join(''));
    }
  });
}

const answer = (text: string): string => (text === '' ? '\n' : `${text}\n\n`);

function obey(
  { maps, servers, told, asked }: Pick<FakeHaproxy, 'maps' | 'servers' | 'told' | 'asked'>,
  command: string,
): string {
  const [verb, what, name = '', key = '', ...words] = command.split(' ');
  if (verb === 'show') {
    asked.push(command);
    if (what === 'map') return [...maps[name as MapName]].map(([k, v], n) => `0x${n} ${k} ${v}`).join('\n');
    if (what === 'servers') return serversState(servers, key);
    return '';
  }
  told.push(command);
  if (what === 'map') return changeMap(maps[name as MapName], verb, key, words[0] ?? '');
  const slot = what === 'server' ? servers.get(name) : undefined;
  return slot ? changeServer(slot, key, words) : 'No such server.';
}

function changeServer(slot: Slot, what: string, words: readonly string[]): string {
  if (what === 'state') slot.open = words[0] === 'ready';
  if (what !== 'addr') return '';
  const [address = '', , port] = words;
  Object.assign(slot, { address, port: Number(port) });
  return `IP changed from somewhere to '${address}'`;
}

function changeMap(map: Map<string, string>, verb: string | undefined, key: string, value: string): string {
  if (verb !== 'add' && !map.has(key)) return 'entry not found.';
  if (verb === 'del') map.delete(key);
  else map.set(key, value);
  return '';
}

function serversState(servers: FakeHaproxy['servers'], place: string): string {
  const rows = [...servers]
    .map(([slot, server]) => ({ names: slot.split('/'), ...server }))
    .filter(({ names }) => place === '' || names[0] === place)
    .map(
      ({ names: [be, srv], address, port, open }) => `10 ${be} 1 ${srv} ${address} 2 ${open ? 0 : 1} ${port}`,
    );
  return [
    '1',
    '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port',
    ...rows,
  ].join('\n');
}

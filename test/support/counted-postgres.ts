import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stands before a PostgreSQL and counts what is asked of it. */
export interface CountedPostgres extends AsyncDisposable {
  readonly url: string;
  /** How many statements are sent while this goes on. */
  during(work: () => Promise<unknown>): Promise<number>;
}

const SOCKET = '.s.PGSQL.5432';
/** In PostgreSQL's protocol: a query as text, and the execution of a prepared one. */
const QUERY = 'Q'.charCodeAt(0);
const EXECUTE = 'E'.charCodeAt(0);

/** For a URL whose host is the directory of a unix socket. */
export async function countPostgres(url: string): Promise<CountedPostgres> {
  const behind = join(new URL(url).searchParams.get('host') ?? '', SOCKET);
  const home = await mkdtemp(join(tmpdir(), 'gantry-counted-'));
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer((front) => {
    const back = connect(behind);
    for (const socket of [front, back]) {
      open.add(socket);
      socket.on('error', () => undefined); // the other side hears of it by its end
      socket.on('close', () => {
        open.delete(socket);
        front.destroy();
        back.destroy();
      });
    }
    const read = countStatements(() => (count += 1));
    front.on('data', read);
    front.pipe(back);
    back.pipe(front);
  });
  await new Promise<void>((resolve) => server.listen(join(home, SOCKET), resolve));
  const counted = new URL(url);
  counted.searchParams.set('host', home);
  return {
    url: counted.href,
    async during(work) {
      const before = count;
      await work();
      return count - before;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Reads what a client sends; only the first message has no letter before its length. */
function countStatements(found: () => void): (chunk: Buffer) => void {
  let unread = Buffer.alloc(0);
  let letter = 0;
  return (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= letter + 4) {
      const length = letter + unread.readInt32BE(letter);
      if (unread.length < length) return;
      if (letter === 1 && [QUERY, EXECUTE].includes(unread[0] ?? 0)) found();
      unread = unread.subarray(length);
      letter = 1;
    }
  };
}

import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

/** What the door calls itself in the first line of every connection. */
export const IDENT = 'Gantry';

const DISCONNECT = 1;
const TOO_MANY_CONNECTIONS = 12;
const BLOCK = 8;
const MIN_PADDING = 4;
/** For a client that does not close; without it, what it still sends would turn our last words into a reset. */
const LINGER_MS = 1_000;
/** More at a time are cut without a word: they are a flood. */
const MOST_LINGERING = 100;

/**
 * The message with which a server leaves (RFC 4253, 11.1), as a packet of a connection that is not encrypted yet. OpenSSH
 * prints its sentence; a line of text in the place of the server's first line it keeps to itself.
 */
export function disconnectPacket(sentence: string): Buffer {
  const text = Buffer.from(sentence);
  const payload = Buffer.alloc(1 + 4 + 4 + text.length + 4);
  payload.writeUInt8(DISCONNECT, 0);
  payload.writeUInt32BE(TOO_MANY_CONNECTIONS, 1);
  payload.writeUInt32BE(text.length, 5);
  text.copy(payload, 9); // an empty language tag follows
  const short = BLOCK - ((5 + payload.length) % BLOCK);
  const padding = short < MIN_PADDING ? short + BLOCK : short;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding, 0);
  head.writeUInt8(padding, 4);
  return Buffer.concat([head, payload, randomBytes(padding)]);
}

/** Ends connections that are not encrypted yet, with a sentence that their clients print. */
export interface Farewells extends Disposable {
  /** `greeted`: our first line has been sent to it. */
  say(socket: Socket, sentence: string, state: 'new' | 'greeted'): void;
}

export function createFarewells(): Farewells {
  const lingering = new Set<Socket>();
  return {
    say(socket, sentence, state) {
      if (socket.destroyed) return;
      if (lingering.size >= MOST_LINGERING) {
        socket.destroy();
        return;
      }
      lingering.add(socket);
      const late = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => {
        clearTimeout(late);
        lingering.delete(socket);
      });
      socket.removeAllListeners('data'); // nobody answers it any more
      socket.resume();
      if (state === 'new') socket.write(`SSH-2.0-${IDENT}\r\n`);
      socket.end(disconnectPacket(sentence));
    },
    [Symbol.dispose]() {
      for (const socket of lingering) socket.destroy();
    },
  };
}

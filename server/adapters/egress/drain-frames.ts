import type { LogLine } from '../../ports/engine.ts';

/** A longer line is sent in parts. */
const LINE_BYTES = 10_000;

/** Facility and severity as Heroku's: local7.info of apps, local3.info of the router, syslog.notice of the platform. */
const PRIORITY = { app: 190, router: 158, platform: 45 } as const;

const END = Buffer.from('\n');

/** A header that cannot hold a space, as RFC 5424 has it. */
const NO_NAME = /[^\x21-\x7e]/g;

/** The frames of lines for an HTTPS drain: `LEN <PRI>1 TS host APP PROC - MSG`, without structured data. */
export function logplexFrames(lines: readonly LogLine[]): readonly Buffer[] {
  return lines.flatMap((line) => framed(`${headOf(line, 'host')} - `, line.text));
}

/** The frames of lines for a syslog drain, by octet counting (RFC 6587): `LEN <PRI>1 TS TOKEN APP PROC - - MSG`. */
export function syslogFrames(token: string, lines: readonly LogLine[]): readonly Buffer[] {
  return lines.flatMap((line) => framed(`${headOf(line, token)} - - `, line.text));
}

function headOf({ at, source, instance }: LogLine, host: string): string {
  const time = at.toISOString().replace('Z', '000+00:00');
  const name = source === 'gantry' ? 'heroku' : source;
  const priority =
    source === 'app' ? PRIORITY.app : instance === 'router' ? PRIORITY.router : PRIORITY.platform;
  return `<${priority}>1 ${time} ${host} ${name} ${instance.replace(NO_NAME, '') || '-'}`;
}

/** A message ends with an end of line, which Logplex counts too, and holds no other: those inside become spaces, as in a session. */
function framed(head: string, text: string): Buffer[] {
  return parts(Buffer.from(text.replace(/[\r\n\u2028\u2029]+/g, ' '))).map((part) => {
    const length = Buffer.byteLength(head) + part.length + 1;
    return Buffer.concat([Buffer.from(`${length} ${head}`), part, END]);
  });
}

function parts(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  let from = 0;
  while (bytes.length - from > LINE_BYTES) {
    let end = from + LINE_BYTES;
    // Not in the middle of a character: its further bytes are 10xxxxxx.
    while (end > from && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    all.push(bytes.subarray(from, end));
    from = end;
  }
  return [...all, bytes.subarray(from)];
}

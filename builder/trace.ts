/** One step of a build, as BuildKit tells it. Fields come and go between messages; the last word counts. */
interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  readonly started: boolean;
  readonly completed: boolean;
  readonly error: string;
}

/** Output of a step: bytes, not lines. */
interface VertexLog {
  readonly vertex: string;
  /** 1 standard output, 2 standard error. */
  readonly stream: number;
  readonly bytes: Buffer;
}

export interface Trace {
  readonly vertexes: readonly Vertex[];
  readonly logs: readonly VertexLog[];
}

interface Field {
  readonly number: number;
  /** Of a varint field; else 0. */
  readonly value: number;
  /** Of a length-delimited field; else empty. */
  readonly bytes: Buffer;
}

/**
 * Decodes the `StatusResponse` of BuildKit's control API that the engine puts into `moby.buildkit.trace` messages:
 * the two parts that are shown, by hand, because the message is small and a protobuf library is not.
 * Unknown fields are skipped; a cut message gives what came before the cut.
 */
export function decodeTrace(message: Buffer): Trace {
  const vertexes: Vertex[] = [];
  const logs: VertexLog[] = [];
  for (const field of fields(message)) {
    if (field.number === 1) vertexes.push(vertex(field.bytes));
    else if (field.number === 3) logs.push(log(field.bytes));
  }
  return { vertexes, logs };
}

function vertex(bytes: Buffer): Vertex {
  const out = { digest: '', name: '', cached: false, started: false, completed: false, error: '' };
  for (const field of fields(bytes)) {
    if (field.number === 1) out.digest = field.bytes.toString('utf8');
    else if (field.number === 3) out.name = field.bytes.toString('utf8');
    else if (field.number === 4) out.cached = field.value !== 0;
    else if (field.number === 5) out.started = true;
    else if (field.number === 6) out.completed = true;
    else if (field.number === 7) out.error = field.bytes.toString('utf8');
  }
  return out;
}

function log(bytes: Buffer): VertexLog {
  const out = { vertex: '', stream: 0, bytes: Buffer.alloc(0) };
  for (const field of fields(bytes)) {
    if (field.number === 1) out.vertex = field.bytes.toString('utf8');
    else if (field.number === 3) out.stream = field.value;
    else if (field.number === 4) out.bytes = Buffer.from(field.bytes);
  }
  return out;
}

const NOTHING = Buffer.alloc(0);

function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  /** Null at the end of the message. Beyond 2^53 digits are lost, which no field that is read here has. */
  const varint = (): number | null => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < message.length; shift += 7) {
      const byte = message[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < message.length) {
    const tag = varint();
    if (tag === null) return;
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      const value = varint();
      if (value === null) return;
      yield { number, value, bytes: NOTHING };
    } else if (wire === 2) {
      const length = varint();
      if (length === null || at + length > message.length) return;
      yield { number, value: 0, bytes: message.subarray(at, at + length) };
      at += length;
    } else if (wire === 5 || wire === 1) {
      at += wire === 5 ? 4 : 8;
    } else return; // groups are not used by BuildKit; what follows cannot be read
  }
}

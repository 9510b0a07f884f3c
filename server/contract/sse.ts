/**
 * One event of a server-sent event stream; `data` holds its lines without the field names. Without any it only says by its
 * id where the listener is now.
 */
export interface ServerEvent {
  readonly id: string;
  readonly data: readonly string[];
}

/**
 * Reads server-sent events from decoded text that arrives in arbitrary pieces.
 * Comments and fields other than `id` and `data` are skipped; an unfinished event at the end is dropped, as browsers do.
 */
export async function* serverEvents(
  chunks: AsyncIterable<string>,
): AsyncGenerator<ServerEvent, void, undefined> {
  let id = '';
  let moved = false;
  let data: string[] = [];
  for await (const line of textLines(chunks)) {
    if (line === '') {
      if (data.length > 0 || moved) yield { id, data };
      data = [];
      moved = false;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id') {
      moved ||= value !== id;
      id = value;
    }
  }
}

/** Splits text that arrives in arbitrary pieces into lines; the last line may lack its end. */
export async function* textLines(chunks: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
}

/** A line of an app's log as it is sent: `2026-01-02T03:04:05.677000+00:00 app[web.1]: text`. */
export interface WireLogLine {
  readonly at: string;
  readonly source: string;
  readonly instance: string;
  readonly text: string;
}

/** What the platform says of itself is said in the Platform API's name, by which its clients and drains know it. */
const WIRE_SOURCE: Readonly<Record<string, string>> = { gantry: 'heroku' };

/** How a source of lines is called in what is sent. */
export function wireSource(source: string): string {
  return WIRE_SOURCE[source] ?? source;
}

/** Writes a log line; ends of line inside the text become spaces, because a line is the unit of the protocol. */
export function formatLogLine(line: {
  readonly at: Date;
  readonly source: string;
  readonly instance: string;
  readonly text: string;
}): string {
  const at = line.at.toISOString().replace('Z', '000+00:00');
  return `${at} ${wireSource(line.source)}[${line.instance}]: ${line.text.replace(/[\r\n\u2028\u2029]+/g, ' ').trimEnd()}`;
}

/** Reads a log line; undefined for a line that has another form. */
export function parseLogLine(line: string): WireLogLine | undefined {
  const found = /^(\S+) ([\w-]+)\[([\w.-]*)\]: ?(.*)$/s.exec(line);
  if (found === null) return undefined;
  const [, at = '', source = '', instance = '', text = ''] = found;
  return { at, source, instance, text };
}

/** What git asks a credential helper about, in its own words: `protocol`, `host` (with its port) and so on. */
export type GitQuestion = ReadonlyMap<string, string>;

/** Reads the lines git writes to a credential helper, up to the empty one. */
export function readQuestion(input: string): GitQuestion {
  const [asked = ''] = input.replaceAll('\r\n', '\n').split(/\n\n|^\n/, 1);
  return new Map(
    asked
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** True when git asks about this very server: protocol, host and port. A token is for nobody else. */
export function isAbout(question: GitQuestion, serverUrl: string): boolean {
  const address = `${question.get('protocol') ?? ''}://${question.get('host') ?? ''}`;
  return URL.canParse(address) && new URL(address).origin === new URL(serverUrl).origin;
}

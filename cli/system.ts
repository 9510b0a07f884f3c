import type { Attach } from './command.ts';
import type { OwnEnds } from './ends.ts';
import type { Terminal } from './terminal.ts';

/** What the command line is given by whoever runs it: main.ts, or a test. */
export interface System {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly launch: (program: string, argument: string) => Promise<boolean>;
  readonly attach: Attach;
  readonly ends?: OwnEnds;
  /** False over SSH, where there is no machine of the user's: no files, no browser, no git repository. */
  readonly local: boolean;
}
